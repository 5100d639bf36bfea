"""The bridge to TimescaleDB as a process: how it ends, and what it keeps."""

import signal
from pathlib import Path

import psycopg
import pytest

from tests.fix_timescale import StartBridge


def test_a_data_directory_outlives_the_process(start_timescale: StartBridge, tmp_path: Path) -> None:
    """With ``--data`` committed rows are there after a clean end and after SIGKILL; an open transaction's are not."""
    with start_timescale(data=tmp_path) as bridge, psycopg.connect(bridge.url) as conn:
        conn.execute("create table kept (n int)")
    for n, how in enumerate([signal.SIGTERM, signal.SIGKILL], start=1):
        with start_timescale(data=tmp_path) as bridge:
            conn = psycopg.connect(bridge.url)
            assert conn.execute("select count(*) from kept").fetchone() == (n - 1,)
            conn.execute("insert into kept values (1)")
            conn.commit()
            conn.execute("insert into kept values (2)")
            bridge.process.send_signal(how)
            assert bridge.process.wait(20) == (0 if how is signal.SIGTERM else -signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                conn.execute("select 1")
            conn.close()
    with start_timescale(data=tmp_path) as bridge, psycopg.connect(bridge.url) as conn:
        assert conn.execute("select n, count(*) from kept group by n").fetchall() == [(1, 2)]
