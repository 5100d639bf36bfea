"""Crew reports, commands and replies: whatever comes in, nothing but our own results comes out."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracker.errors import BadInput, Reason
from tracker.wire import command, reports
from tracker.wire.command import (
    Arrival,
    Assignment,
    Card,
    Configuration,
    EmergencyAck,
    Outcome,
    Ping,
    Rate,
    Reply,
    Stop,
    TextMessage,
    UpdateMission,
)
from tracker.wire.reports import Answer, Clock, CrewStatus, Emergency, Input, Numbered, Report, Source, Status

ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
times = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
clocks = st.none() | st.sampled_from(Clock)
sources = st.sampled_from(Source)
said: st.SearchStrategy[Report] = st.one_of(
    st.builds(
        Status, at=times, clock=clocks, status=st.sampled_from(CrewStatus), source=sources, mission=st.none() | ids
    ),
    st.builds(Emergency, at=times, clock=clocks, raised=st.booleans(), since=times, source=sources),
    st.builds(Answer, at=times, clock=clocks, mission=ids, accepted=st.booleans(), reason=words, source=sources),
    st.builds(Input, at=times, clock=clocks, name=ids, on=st.booleans()),
)
numbers = st.integers(0, 2**63 - 1)
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
near_misses = st.fixed_dictionaries(
    {},
    optional={
        "n": json_like,
        "id": json_like,
        "c": st.sampled_from(["2026-11-22T01:02:03Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
        | json_like,
        "kind": st.sampled_from(["status", "emergency", "answer", "input", "ping", "rate", "assignment"]) | json_like,
        "status": st.sampled_from(["en-route", "asleep"]) | json_like,
        "source": st.just("crew") | json_like,
        "mission": json_like,
        "raised": json_like,
        "issued_at": st.just("2026-11-22T01:02:03Z") | json_like,
        "card": json_like,
        "outcome": json_like,
        "at": json_like,
    },
)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


hostile = st.binary(max_size=200) | near_misses.map(_json) | json_like.map(_json)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(numbers, said), min_size=1, max_size=8))
def test_reports_come_back_as_they_went(sent: list[tuple[int, Report]]) -> None:
    """Numbers, values and order; and a body under its number is what `encode` gives."""
    payload = reports.join([reports.encode(number, report) for number, report in sent])
    found = reports.decode(payload)
    assert [(each.sequence, each.report) for each in found if isinstance(each, Numbered)] == sent
    for number, report in sent:
        assert reports.numbered(number, reports.body(report)) == reports.encode(number, report)


@settings(max_examples=600, deadline=None)
@given(st.lists(hostile, max_size=6).map(b"\n".join))
@example(b"")
@example(b"\n\n")
@example(b"[" * 16_000)
@example(b"\xff" * 20_000)
@example(b'{"n":1,"c":"0001-01-01T00:00:00+23:59","kind":"input","name":"door","on":true}')
@example(b'{"n":1,"c":"2026-11-22T01:02:03Z","kind":"answer","mission":"m","accepted":true,"reason":"\\u0000"}')
@example(b'{"n":1,"c":"2026-11-22T01:02:03Z","kind":"answer","mission":"m","accepted":true,"reason":"\\ud800"}')
def test_reading_reports_never_raises_and_never_stays_silent(payload: bytes) -> None:
    """Each line that is no report is handed on with a reason of one line; what is read can be sent again."""
    found = reports.decode(payload)
    assert found
    for each in found:
        if isinstance(each, Numbered):
            each.raw.decode()
            reports.encode(each.sequence, each.report)
        else:
            assert each.detail
            assert "\n" not in each.detail
            assert each.reason in (Reason.PAYLOAD, Reason.OVERSIZE, Reason.OUT_OF_RANGE)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(numbers, said) | hostile.map(lambda line: line.replace(b"\n", b"")), min_size=1, max_size=6))
def test_a_bad_line_takes_no_good_one_with_it(mixed: list[tuple[int, Report] | bytes]) -> None:
    """Good reports are read whatever stands before and behind them."""
    lines = [each if isinstance(each, bytes) else reports.encode(*each) for each in mixed]
    found = [(each.sequence, each.report) for each in reports.decode(b"\n".join(lines)) if isinstance(each, Numbered)]
    wanted = iter(found)
    assert all(each in wanted for each in mixed if not isinstance(each, bytes)), "each of them, in order"


def test_an_unreadable_report_keeps_its_number() -> None:
    """So it can be receipted as quarantined, and the unit stops sending it."""
    (found,) = reports.decode(b'{"n":7,"c":"2026-11-22T01:02:03Z","kind":"dance"}')
    assert not isinstance(found, Numbered)
    assert found.sequence == 7


def test_what_could_not_be_delivered_is_not_encoded() -> None:
    """The unit learns of it where it can still do something."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    for bad in (Input(at=at, name="Ä", on=True), Input(at=datetime(1950, 1, 1, tzinfo=UTC), name="door", on=True)):
        raised = False
        try:
            reports.body(bad)
        except ValueError:
            raised = True
        assert raised


stops = st.builds(Stop, ids, st.floats(-90, 90), st.floats(-180, 180), words)
arrivals = st.builds(
    lambda ends, at, source: Arrival(min(ends), sorted(ends)[1], max(ends), at, source),
    st.tuples(*[st.floats(0, 86400)] * 3),
    times,
    words,
)
some_stops = st.lists(stops, min_size=1, max_size=3).map(tuple)
head = {"id": ids, "n": numbers, "issued_at": times, "expires_at": st.none() | times}
commands = st.one_of(
    st.builds(Ping, **head),
    st.builds(EmergencyAck, **head, since=times),
    st.builds(TextMessage, **head, text=words.filter(bool), urgent=st.booleans()),
    st.builds(Rate, **head, interval_s=st.none() | st.floats(0.1, 3600), until=st.none() | times),
    st.builds(Configuration, **head, settings=st.dictionaries(ids, st.integers(-5, 5) | words, max_size=3)),
    st.builds(
        Assignment,
        **head,
        card=st.builds(Card, ids, words, some_stops, words, st.none() | times, st.none() | arrivals),
    ),
    st.builds(
        UpdateMission,
        **head,
        mission=ids,
        stops=st.none() | some_stops,
        eta=st.none() | arrivals,
        notes=st.none() | words,
        ended=st.booleans(),
    ),
)


@settings(max_examples=400, deadline=None)
@given(commands)
def test_commands_come_back_as_they_went(sent: command.Command) -> None:
    """Every kind, with all its fields."""
    assert command.decode(command.encode(sent)) == sent


@settings(max_examples=200, deadline=None)
@given(st.builds(Reply, ids, st.sampled_from(Outcome), times, words))
def test_replies_come_back_as_they_went(sent: Reply) -> None:
    """With all their fields."""
    assert command.decode_reply(command.encode_reply(sent)) == sent


@settings(max_examples=600, deadline=None)
@given(hostile)
@example(b"[" * 16_000)
@example(b'{"id":"c","n":1,"kind":"ping","issued_at":"0001-01-01T00:00:00+23:59"}')
@example(b'{"id":"c","outcome":"done","at":"9999-12-31T23:59:59-23:59"}')
def test_a_bad_command_or_reply_is_our_own_error(payload: bytes) -> None:
    """Never another exception."""
    with suppress(BadInput):
        command.decode(payload)
    with suppress(BadInput):
        command.decode_reply(payload)
