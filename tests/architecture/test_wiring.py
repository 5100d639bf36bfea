"""A gateway is put together in one step: whoever wires gives a part what it needs when it is made, and changes nothing
of it afterwards, so that no part ever works with what it was not meant to have."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WIRING = ("app.py", "loading.py", "http/world.py", "integrations/wiring.py")


@pytest.mark.parametrize("name", WIRING)
def test_whoever_wires_replaces_nothing_in_a_part_that_is_made(name: str) -> None:
    """No assignment to an attribute of anything but oneself."""
    replaced = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse((ROOT / "gateway" / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) != "self"
    ]
    assert replaced == []
