"""Names that strangers wrote, on the operator's terminal."""

from gateway.services.terminal import harmless


def test_markup_and_commands_are_shown_and_not_obeyed() -> None:
    """Rich's brackets, the escape of a terminal, and a line break that would look like another row."""
    assert harmless("[red]RSUD[/red] \x1b[2J\nb").plain == "[red]RSUD[/red] \\x1b[2J\\nb"
