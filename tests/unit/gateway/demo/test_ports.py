"""Ports are tried before they are promised."""

import socket

import pytest

from gateway.demo.errors import PortError
from gateway.demo.ports import LOOPBACK, check_free, free_port, is_free, usual_or_free


def test_a_service_keeps_its_usual_port_where_it_can() -> None:
    """And takes another where somebody has it."""
    usual = free_port()
    assert usual_or_free(usual) == usual
    with socket.socket() as other:
        other.bind((LOOPBACK, usual))
        other.listen()
        assert not is_free(usual)
        assert usual_or_free(usual) != usual
        with pytest.raises(PortError, match=rf"^port {usual} is taken by another program; choose another with --port"):
            check_free(usual)
