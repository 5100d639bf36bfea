"""The health message: what is unknown stays unknown, and no bytes break the reader."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import BadInput, Reason
from tracker.wire import health
from tracker.wire.health import Health, ReceiverHealth

AT = datetime(2026, 11, 22, 1, 2, tzinfo=UTC)


def test_what_was_encoded_is_read_back() -> None:
    """All of it, and what was not measured as None."""
    said = Health(
        at=AT,
        satellites=9,
        outbox_depth=3,
        lost={"disk-full": 2},
        receivers=(ReceiverHealth("gnss", "no-fix", "12 satellites in view, no fix"),),
    )
    assert health.decode(health.encode(said)) == said
    assert health.decode(health.encode(said)).supply_v is None
    assert health.decode(b'{"at":"2026-11-22T08:02:00+07:00","later":[1]}') == Health(at=AT)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.PAYLOAD),
        (b"{}", Reason.PAYLOAD),
        (b'{"at":"2026-11-22T01:02:00"}', Reason.PAYLOAD),  # of which zone?
        (b'{"at":"2026-11-22T01:02:00Z","outbox_depth":-1}', Reason.PAYLOAD),
        (b'{"at":"2026-11-22T01:02:00Z","receivers":[{"source":"../x","state":"ok"}]}', Reason.PAYLOAD),
        (b'{"at":"9999-12-31T23:59:59-07:00"}', Reason.OUT_OF_RANGE),
        (b'{"at":"1969-12-31T23:59:59Z"}', Reason.OUT_OF_RANGE),
        (b" " * 20000, Reason.OVERSIZE),
    ],
)
def test_what_is_none_is_refused_with_a_reason(payload: bytes, reason: Reason) -> None:
    """The gateway keeps it in the quarantine under that reason."""
    with pytest.raises(BadInput) as refused:
        health.decode(payload)
    assert refused.value.reason is reason


def test_a_unit_cannot_send_what_the_gateway_refuses() -> None:
    """A sentence that is too long is the sender's mistake, and shows there."""
    with pytest.raises(ValueError, match="not a health message"):
        health.encode(Health(at=AT, receivers=(ReceiverHealth("gnss", "ok", "x" * 301),)))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_give_a_value_or_our_own_error(payload: bytes) -> None:
    """Never another error."""
    try:
        health.decode(payload)
    except BadInput:
        return
