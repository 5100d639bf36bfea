"""The store against a model of one sentence: rows one by one, first come first stored, later ones fill what is empty or
are contradictions. Any batching, order and duplication must agree with it, outcome by outcome and in the table.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.storage import fixes, sql
from gateway.storage.fixes import Outcome, Row
from gateway.storage.migrations import migrate
from tests.fix_servers import PostgresCluster
from tracker.fix import Fix, Mode, Quality, Solution

START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
FILLED = ("altitude", "speed", "course", "mode", "solution", "satellites", "hdop", "error")
"""What a second message of the same fix may add."""

Key = tuple[str, str, datetime]
_centres = (f"centre-{number}" for number in itertools.count())  # each example has one of its own: nothing to clear


class Store:
    """A database and one connection to it, kept over all examples."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        self._runner = runner
        self._connection = runner.run(self._connect(url))

    async def _connect(self, url: str) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        await migrate(connection)
        await connection.execute("SET TIME ZONE 'UTC'")
        await connection.execute("SET synchronous_commit = off")  # nobody pulls the plug here, and examples are many
        await connection.execute(sql.query("staging"))
        return connection

    def store(self, rows: Sequence[Row]) -> list[Outcome]:
        """One batch, committed."""

        async def run() -> list[Outcome]:
            async with self._connection.transaction():
                return await fixes.store(self._connection, rows)

        return self._runner.run(run())

    def table(self, centre: str) -> dict[Key, Fix]:
        """All fixes of a centre."""

        async def run() -> dict[Key, Fix]:
            found = {}
            for unit in UNITS:
                for row in await fixes.page(self._connection, centre, unit, *WHOLE, 100_000):
                    found[row.unit, row.source, row.fix.time] = row.fix
            return found

        return self._runner.run(run())

    def close(self) -> None:
        """Close the connection."""
        self._runner.run(self._connection.close())


UNITS = ("ambulans-01", "ambulans-02")
WHOLE = (START - timedelta(days=1), START + timedelta(days=1))


@pytest.fixture(scope="module")
def store(postgres_cluster: PostgresCluster) -> Iterator[Store]:
    """An empty database for the module."""
    with psycopg.connect(postgres_cluster.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE storage_order TEMPLATE template0")
        with asyncio.Runner() as runner:
            made = Store(runner, postgres_cluster.url("storage_order"))
            yield made
            made.close()
        connection.execute("DROP DATABASE storage_order WITH (FORCE)")


def model(rows: Sequence[Row]) -> tuple[list[Outcome], dict[Key, Fix]]:
    """What must become of rows that come one by one."""
    table: dict[Key, Fix] = {}
    outcomes = []
    for row in rows:
        key = row.unit, row.source, row.fix.time
        held = table.get(key)
        if held is None:
            table[key] = row.fix
            outcomes.append(Outcome.STORED)
        elif _contradict(held, row.fix):
            outcomes.append(Outcome.CONTRADICTION)
        else:
            empty = [name for name in FILLED if getattr(held, name) is None]
            filled = {name: getattr(row.fix, name) for name in empty}
            table[key] = msgspec.structs.replace(held, quality=held.quality | row.fix.quality, **filled)
            outcomes.append(Outcome.DUPLICATE)
    return outcomes, table


def _contradict(held: Fix, other: Fix) -> bool:
    if abs(held.latitude - other.latitude) > 2e-5 or abs(held.longitude - other.longitude) > 2e-5:
        return True
    return held.speed is not None and other.speed is not None and abs(held.speed - other.speed) > 0.5


def _maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


@st.composite
def any_fixes(draw: st.DrawFn) -> Fix:
    """Few instants, few places and few speeds, so that keys meet. All values are exact in the table's 32 bits."""
    return Fix(
        time=START + timedelta(milliseconds=200 * draw(st.integers(0, 2))),
        latitude=-7.15 + draw(st.sampled_from([0.0, 1e-5, -1e-5, 0.01])),
        longitude=111.88 + draw(st.sampled_from([0.0, 0.0, 1e-5, 0.01])),
        altitude=draw(_maybe(21.5, 22.0)),
        speed=draw(_maybe(0.0, 0.25, 0.75, 10.0)),
        course=draw(_maybe(0.0, 87.0)),
        mode=draw(_maybe(*Mode)),
        solution=draw(_maybe(Solution.AUTONOMOUS, Solution.ESTIMATED)),
        satellites=draw(_maybe(0, 9)),
        hdop=draw(_maybe(0.5, 1.0)),
        error=draw(_maybe(2.5)),
        quality=draw(st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.NOT_MEASURED, Quality.FUTURE])),
    )


def _row(centre: str, unit: str, source: str, fix: Fix) -> Row:
    return Row(centre, unit, source, fix, START, "box", 1)


@st.composite
def any_batches(draw: st.DrawFn) -> list[list[Row]]:
    """Batches of rows of one centre, whatever."""
    centre = next(_centres)
    rows = st.builds(_row, st.just(centre), st.sampled_from(UNITS), st.sampled_from(["gnss", "modem"]), any_fixes())
    return draw(st.lists(st.lists(rows, max_size=8), max_size=5))


@st.composite
def complete_and_partial(draw: st.DrawFn) -> tuple[dict[Key, Fix], list[list[Row]]]:
    """Whole fixes, and batches of messages that tell each of them in parts: any order, any number of times."""
    centre = next(_centres)
    whole = {
        (unit, "gnss", fix.time): msgspec.structs.replace(
            fix, latitude=-7.15, longitude=111.88, quality=Quality.NOT_MEASURED
        )
        for unit, fix in draw(st.lists(st.tuples(st.sampled_from(UNITS), any_fixes()), min_size=1, max_size=4))
    }
    messages: list[Row] = []
    for (unit, source, _), fix in whole.items():
        for name in FILLED:  # each field is in one message at least
            only = {other: None for other in FILLED if other != name and draw(st.booleans())}
            messages.append(_row(centre, unit, source, msgspec.structs.replace(fix, quality=Quality.GOOD, **only)))
        messages.append(_row(centre, unit, source, fix))
    messages += draw(st.lists(st.sampled_from(messages), max_size=6))
    messages = draw(st.permutations(messages))
    cuts = sorted(draw(st.sets(st.integers(1, len(messages)), max_size=4)))
    return whole, [messages[i:j] for i, j in zip([0, *cuts], [*cuts, len(messages)], strict=True)]


_real_database = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@_real_database
@given(any_batches())
def test_any_batching_does_what_rows_one_by_one_would_do(store: Store, batches: list[list[Row]]) -> None:
    """Outcomes and table are those of the model, whatever shares a batch with what."""
    expected, table = model([row for batch in batches for row in batch])
    outcomes = [outcome for batch in batches for outcome in store.store(batch)]
    assert outcomes == expected
    centre = next((row.centre for batch in batches for row in batch), "nobody")
    assert store.table(centre) == table


@_real_database
@given(st.lists(st.lists(st.tuples(_maybe(0.0, 0.25, 10.0), _maybe(21.5)), max_size=5), max_size=3))
def test_a_speed_that_fills_is_a_speed_to_contradict(
    store: Store, batches: list[list[tuple[float | None, float | None]]]
) -> None:
    """Two messages of one batch that fill the same empty speed with two values: the second is a contradiction, and
    adds nothing else either."""
    centre = next(_centres)
    rows = [
        [
            _row(centre, UNITS[0], "gnss", Fix(time=START, latitude=-7.15, longitude=111.88, speed=s, altitude=a))
            for s, a in batch
        ]
        for batch in batches
    ]
    expected, table = model([row for batch in rows for row in batch])
    assert [outcome for batch in rows for outcome in store.store(batch)] == expected
    assert store.table(centre) == table


@_real_database
@given(complete_and_partial())
def test_messages_that_tell_a_fix_in_parts_give_the_same_table_in_any_order(
    store: Store, told: tuple[dict[Key, Fix], list[list[Row]]]
) -> None:
    """Order never matters: parts, their order, their batches and their repetition leave no trace."""
    whole, batches = told
    outcomes = [outcome for batch in batches for outcome in store.store(batch)]
    assert outcomes.count(Outcome.STORED) == len(whole)
    assert outcomes.count(Outcome.CONTRADICTION) == 0
    centre = next(row.centre for batch in batches for row in batch)
    assert store.table(centre) == whole


@_real_database
@given(any_batches())
def test_a_second_delivery_adds_nothing(store: Store, batches: list[list[Row]]) -> None:
    """At least once on the wire is exactly once in the table."""
    first = [outcome for batch in batches for outcome in store.store(batch)]
    centre = next((row.centre for batch in batches for row in batch), "nobody")
    before = store.table(centre)
    again = [outcome for batch in reversed(batches) for outcome in store.store(batch)]
    assert Outcome.STORED not in again
    assert store.table(centre).keys() == before.keys()
    assert len(again) == len(first)
