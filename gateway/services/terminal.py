"""What strangers wrote, shown on a terminal: neither rich's markup nor a terminal's commands in it may do anything."""

from rich.text import Text


def harmless(text: str) -> Text:
    """The text as it is, with what cannot be printed as an escape."""
    return Text("".join(each if each.isprintable() else repr(each)[1:-1] for each in text))
