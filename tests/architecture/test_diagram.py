"""What the README draws is what the program does."""

from pathlib import Path

from tracker.missions.statuses import diagram

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- diagram: statuses -->\n```mermaid\n", "\n```\n<!-- /diagram -->"


def test_the_diagram_of_statuses_is_the_table() -> None:
    """Generated from the table; whoever changes a step pastes what this prints."""
    text = README.read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    drawn = text.partition(BEGIN)[2].partition(END)[0]
    assert drawn == diagram(), f"README.md shows another table; between its markers belongs:\n{diagram()}"
