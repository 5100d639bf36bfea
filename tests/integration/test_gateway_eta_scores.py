"""What was told is scored on arrival."""

from datetime import timedelta

import numpy as np
import pytest

from gateway.services import score_command
from tests.fix_centre import Centre
from tests.fix_map import Drawn
from tests.fix_town import along, send, standing, watch
from tests.gateway_traffic import MORNING


async def test_what_was_told_is_scored_on_arrival(roads: Centre, town: Drawn) -> None:
    """Every arrival time that was told, against the fix on which the unit stood: by all and by each group, exactly."""
    await send(roads, town.at("D", -50), "urgent")
    told = await watch(roads, along(town, "ABCD"))
    assert (await roads.ask("GET", "eta/score?to=2026-11-22T00:00:00Z"))["scores"] == []
    await watch(roads, standing(town.at("D", -50), 250, 60))
    await roads.arrivals.save()
    scores = (await roads.ask("GET", "eta/score?to=2026-11-22T00:00:00Z"))["scores"]
    known = [each for each in told if each.eta_s]
    arrived = MORNING + timedelta(seconds=250)
    errors = [each.eta_s.p50 - (arrived - each.at).total_seconds() for each in known if each.eta_s]
    (whole,) = [each for each in scores if each["by"] == "all"]
    assert whole["told"] == len(known)
    assert whole["bias_s"] == pytest.approx(np.mean(errors), abs=0.01)
    assert whole["mae_s"] == pytest.approx(np.mean(np.abs(errors)), abs=0.01)
    by = {
        name: [each for each in scores if each["by"] == name] for name in ("lead", "hour", "urgency", "source", "leg")
    }
    assert all(sum(each["told"] for each in group) == len(known) for group in by.values())
    assert [each["group"] for each in by["urgency"]] == ["urgent"]
    assert [each["group"] for each in by["leg"]] == ["to-place"]
    assert len(by["lead"]) > 1


def test_the_table_of_scores_says_when_there_is_nothing() -> None:
    """A sentence, not an empty frame."""
    assert "no arrival time of the last 7 days" in str(score_command.table([], 7))
