"""What the crew does steers how often the unit reports, and the centre is told by what to judge freshness."""

from pathlib import Path

from tests.agent_settings import make_config, receiver
from tests.receiver_double import ReceiverDouble, cycle
from tests.receiving_centre import eventually
from tests.running_agent import running_agent
from tracker.wire.reports import CrewStatus

QUICK = "[health]\ninterval_s = 1\n[sampling]\nparked_after_s = 5\nparked_radius_m = 30\n"


def test_the_crews_status_steers_the_interval(tmp_path: Path) -> None:
    """Each change is announced with the next fix, and health says what the unit thinks it is doing."""
    config = make_config(tmp_path, receivers=receiver(tmp_path / "gnss"), more=QUICK)
    with ReceiverDouble(tmp_path / "gnss") as double, running_agent(config) as running:
        agent, announced = running.agent, running.unit.announced
        double.plug()
        double.talk()
        eventually(lambda: announced == [10.0])
        agent.status = CrewStatus.EN_ROUTE
        eventually(lambda: announced[-1] == 1.0)
        agent.status = CrewStatus.ON_SCENE
        eventually(lambda: announced[-1] == 5.0)
        agent.emergency = True
        eventually(lambda: announced[-1] == 1.0)
        eventually(lambda: running.told()[-1].sampling == "emergency")
        agent.emergency, agent.status = False, CrewStatus.AVAILABLE
        eventually(lambda: announced[-1] == 10.0)
        double.hush()


def test_a_parked_unit_reports_a_fresh_fix_each_interval(tmp_path: Path) -> None:
    """Not the first one again: its fix time is that of the report. A drive ends the parking at once."""
    parked = QUICK.replace("[sampling]\n", "[sampling]\nparked_s = 10\n")
    config = make_config(tmp_path, receivers=receiver(tmp_path / "gnss"), more=parked)
    with ReceiverDouble(tmp_path / "gnss") as double, running_agent(config) as running:
        double.plug()
        eventually(lambda: "first data" in running.agent.conditions()[0][2])
        for second in range(36):
            double.write(cycle(3600 + second, knots=0.1))
        eventually(lambda: running.agent.situation.value == "parked")
        for second in range(36, 39):
            double.write(cycle(3600 + second, latitude=7.15 + (second - 35) * 1e-4, knots=20.0))
        eventually(lambda: running.agent.fix is not None and running.agent.fix.time.second == 38)
        seconds = [fix.time.second for fix in running.unit.fixes()]
    assert seconds[:5] == [0, 4, 14, 24, 34]  # 4: how it came to the place
    assert seconds[5:7] == [35, 36]  # where it stood last, and where it is
