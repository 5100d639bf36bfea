"""`sigap eta score`: how well arrival times were foretold, as a table."""

import argparse
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from gateway.roads.districts import load_districts
from gateway.services.score import SPAN
from gateway.settings import Settings
from gateway.storage import etas
from gateway.storage.asking import asked
from gateway.storage.etas import Score

_TITLES = {
    "all": "all", "lead": "so long before arrival", "hour": "hour of day", "urgency": "urgency",
    "source": "source", "leg": "leg", "district": "district of the goal",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = "Every arrival time that was told, against when the unit arrived."
    parser.add_argument(
        "--days", type=_days, default=SPAN.days, help=f"how far back to look (default: {SPAN.days})", metavar="N"
    )


def run(args: argparse.Namespace) -> int:
    """Print the table; the exit code is 0, also when nothing was told.

    Raises:
        psycopg.Error: the database cannot be asked.
        DistrictsUnusable: SIGAP_DISTRICTS_FILE names a file that cannot be used.
    """
    settings = Settings()
    district_of = None if settings.districts_file is None else load_districts(settings.districts_file).of
    now = datetime.now(UTC)
    since = now - timedelta(days=args.days)
    scores = asked(
        settings.database_url,
        lambda connection: etas.scores(connection, settings.centre, since, now, district_of),
    )
    Console().print(table(scores, args.days))
    return 0


def table(scores: list[Score], days: int) -> Table | str:
    """The scores as people read them."""
    if not scores:
        return f"no arrival time of the last {days} days has been followed by an arrival yet"
    shown = Table("group", "", "told", "bias", "MAE", "median", "MAPE", "within 25 %", "in the 80 % interval")
    for score in scores:
        group = score.group if score.by != "lead" else f"{float(score.group) / 60:g} min or more"
        shown.add_row(
            _TITLES[score.by], group, str(score.told), f"{score.bias_s:+.0f} s", f"{score.mae_s:.0f} s",
            f"{score.median_s:.0f} s", f"{score.mape:.1%}", f"{score.within25:.0%}", f"{score.coverage80:.0%}",
        )  # fmt: skip
    return shown


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 36_500:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 36500")
    return int(text)
