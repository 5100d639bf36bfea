"""Ports are tried before they are promised."""

import socket

import pytest

from gateway.demo.errors import PortError
from gateway.demo.ports import LOOPBACK, Claims, check_free, free_port, is_free


def test_a_service_keeps_its_usual_port_where_it_can() -> None:
    """And takes another where somebody has it."""
    usual, claims = free_port(), Claims()
    assert claims.usual_or_free(usual) == usual
    claims.release()
    with socket.socket() as other:
        other.bind((LOOPBACK, usual))
        other.listen()
        assert not is_free(usual)
        assert claims.usual_or_free(usual) != usual
        with pytest.raises(PortError, match=rf"^port {usual} is taken by another program; choose another with --port"):
            check_free(usual)
    claims.release()


def test_two_demos_that_start_at_once_do_not_get_the_same_port() -> None:
    """Though nothing listens there yet; whoever comes after the first has ended gets it."""
    usual, first, second = free_port(), Claims(), Claims()
    assert first.usual_or_free(usual) == usual
    assert is_free(usual)
    assert second.usual_or_free(usual) != usual
    first.release()
    assert second.usual_or_free(usual) == usual
    second.release()
