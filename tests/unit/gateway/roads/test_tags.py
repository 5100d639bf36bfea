"""Tags, as mappers write them, mean what a crew would do."""

import pytest

from gateway.roads.tags import barred_by, meaning_of, speed_of
from tracker.roads.graph import Profile, RoadClass

NOBODY, CAR, MOTORCYCLE = Profile(0), Profile.CAR, Profile.MOTORCYCLE
ALL = CAR | MOTORCYCLE


def tags(text: str) -> dict[str, str]:
    """`a=b c=d` as a mapping."""
    return dict(pair.split("=", 1) for pair in text.split())


@pytest.mark.parametrize(
    ("text", "forward", "backward"),
    [
        # one-way streets, and who is exempt
        ("highway=primary", ALL, ALL),
        ("highway=primary oneway=yes", ALL, NOBODY),
        ("highway=primary oneway=1", ALL, NOBODY),
        ("highway=primary oneway=-1", NOBODY, ALL),
        ("highway=primary oneway=no", ALL, ALL),
        ("highway=primary oneway=alternating", ALL, ALL),
        ("highway=tertiary junction=roundabout", ALL, NOBODY),
        ("highway=tertiary junction=circular", ALL, NOBODY),
        ("highway=tertiary junction=roundabout oneway=no", ALL, ALL),
        ("highway=motorway", CAR, NOBODY),
        ("highway=motorway oneway=no", CAR, CAR),
        ("highway=motorway_link", ALL, ALL),
        ("highway=primary oneway=yes oneway:emergency=no", ALL, ALL),
        ("highway=primary oneway=yes oneway:motorcycle=no", ALL, MOTORCYCLE),
        ("highway=primary oneway=yes oneway:bicycle=no", ALL, NOBODY),
        ("highway=primary oneway=yes oneway:bus=no", ALL, ALL),
        ("highway=primary oneway=yes oneway:psv=no", ALL, ALL),
        ("highway=primary oneway=yes busway=opposite_lane", ALL, ALL),
        ("highway=primary oneway=yes busway=lane", ALL, NOBODY),
        # access: the more specific word wins, and emergency above all
        ("highway=residential access=no", NOBODY, NOBODY),
        ("highway=residential access=private", NOBODY, NOBODY),
        ("highway=residential access=destination", ALL, ALL),
        ("highway=residential access=permissive", ALL, ALL),
        ("highway=residential access=private emergency=yes", ALL, ALL),
        ("highway=residential access=no emergency=designated", ALL, ALL),
        ("highway=residential emergency=no", NOBODY, NOBODY),
        ("highway=residential emergency=fire_hydrant", ALL, ALL),
        ("highway=residential access=no motor_vehicle=yes", ALL, ALL),
        ("highway=residential motor_vehicle=no motorcycle=yes", MOTORCYCLE, MOTORCYCLE),
        ("highway=residential motor_vehicle=agricultural;forestry", NOBODY, NOBODY),
        ("highway=residential motorcar=no", MOTORCYCLE, MOTORCYCLE),
        ("highway=residential motor_vehicle:backward=no", ALL, NOBODY),
        ("highway=residential access=emergency", ALL, ALL),
        ("highway=service access=private service=emergency_access", ALL, ALL),
        ("highway=service service=driveway access=private", NOBODY, NOBODY),
        # where buses drive
        ("highway=busway", ALL, ALL),
        ("highway=service access=no bus=yes", ALL, ALL),
        ("highway=primary motor_vehicle=no psv=designated", ALL, ALL),
        ("highway=primary access=psv", ALL, ALL),
        ("highway=bus_guideway", NOBODY, NOBODY),
        # the last resort
        ("highway=track tracktype=grade1", ALL, ALL),
        ("highway=track", ALL, ALL),
        ("highway=track tracktype=grade4", MOTORCYCLE, MOTORCYCLE),
        ("highway=track tracktype=grade5 motor_vehicle=yes", ALL, ALL),
        ("highway=track access=forestry", NOBODY, NOBODY),
        ("highway=path", MOTORCYCLE, MOTORCYCLE),
        ("highway=path motorcycle=no", NOBODY, NOBODY),
        ("highway=path sac_scale=hiking", NOBODY, NOBODY),
        ("highway=path foot=designated", NOBODY, NOBODY),
        ("highway=path motor_vehicle=yes access=yes", ALL, ALL),
        ("highway=footway", NOBODY, NOBODY),
        ("highway=footway access=yes", NOBODY, NOBODY),
        ("highway=footway motorcycle=yes", MOTORCYCLE, MOTORCYCLE),
        ("highway=footway emergency=yes", ALL, ALL),
        ("highway=pedestrian", NOBODY, NOBODY),
        ("highway=pedestrian motor_vehicle=delivery", ALL, ALL),
        # too narrow, too low
        ("highway=living_street width=1.5", MOTORCYCLE, MOTORCYCLE),
        ("highway=living_street maxwidth=1.8", MOTORCYCLE, MOTORCYCLE),
        ("highway=living_street width=narrow", ALL, ALL),
        ("highway=service maxheight=2.1", MOTORCYCLE, MOTORCYCLE),
        # no roads
        ("highway=construction", NOBODY, NOBODY),
        ("highway=steps", NOBODY, NOBODY),
        ("highway=service area=yes", NOBODY, NOBODY),
        ("railway=rail", NOBODY, NOBODY),
        # over water
        ("route=ferry", ALL, ALL),
        ("route=ferry motor_vehicle=no", NOBODY, NOBODY),
        ("route=ferry motorcar=no", MOTORCYCLE, MOTORCYCLE),
        ("route=bus", NOBODY, NOBODY),
        # a reversible lane is open one way at a time, and nobody says which
        ("highway=primary oneway=reversible", NOBODY, NOBODY),
    ],
)
def test_who_may_drive_where(text: str, forward: Profile, backward: Profile) -> None:
    """Ambulance and motor-ambulance, in either direction."""
    meaning = meaning_of(tags(text))
    assert (meaning.forward, meaning.backward) == (forward, backward) if meaning else forward == backward == NOBODY


@pytest.mark.parametrize(
    ("text", "barred"),
    [
        ("barrier=gate", NOBODY),
        ("barrier=lift_gate", NOBODY),
        ("barrier=gate locked=yes", ALL),
        ("barrier=gate access=private", ALL),
        ("barrier=gate access=private emergency=yes", NOBODY),
        ("barrier=lift_gate access=no motorcycle=yes", CAR),
        ("barrier=lift_gate emergency=no", ALL),
        ("barrier=swing_gate access=no bus=yes", NOBODY),
        ("barrier=bollard", CAR),
        ("barrier=bollard motor_vehicle=no", ALL),
        ("barrier=bollard access=yes", NOBODY),
        ("barrier=bollard emergency=yes", NOBODY),
        ("barrier=block", CAR),
        ("barrier=jersey_barrier", CAR),
        ("barrier=cycle_barrier", ALL),
        ("barrier=kissing_gate", ALL),
        ("barrier=wall", ALL),
        ("barrier=something_new", ALL),
        ("barrier=toll_booth", NOBODY),
        ("barrier=kerb", NOBODY),
        ("barrier=height_restrictor", NOBODY),
        ("barrier=height_restrictor maxheight=2.0", CAR),
        ("barrier=height_restrictor maxheight=4", NOBODY),
        ("highway=traffic_signals", NOBODY),
    ],
)
def test_who_is_barred_by_what(text: str, barred: Profile) -> None:
    """Gates open for an ambulance unless something says that they do not; posts do not."""
    assert barred_by(tags(text)) == barred


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("maxspeed=50", 50),
        ("maxspeed=30_km/h", 30),
        ("maxspeed=30_mph", 48.28032),
        ("maxspeed=10_knots", 18.52),
        ("maxspeed=60;40", 40),
        ("maxspeed=walk", 7),
        ("maxspeed=none", None),
        ("maxspeed=signals", None),
        ("maxspeed=0", None),
        ("maxspeed=500", None),
        ("maxspeed=-5", None),
        ("maxspeed=ID:urban", 50),
        ("maxspeed=ID:rural", 80),
        ("maxspeed=ID:residential", 30),
        ("maxspeed=ID:motorway", 100),
        ("maxspeed=DE:urban", 50),
        ("maxspeed=DE:rural", None),
        ("maxspeed=DE:zone:30", 30),
        ("maxspeed=DE:zone30", 30),
        ("source:maxspeed=PT:urban", 50),
        ("maxspeed:type=sign", None),
        ("zone:maxspeed=DE:20", 20),
        ("maxspeed=40 source:maxspeed=ID:urban", 40),
        ("maxspeed=none source:maxspeed=DE:motorway", None),
        ("", None),
    ],
)
def test_the_tagged_maximum(text: str, kmh: float | None) -> None:
    """In km/h, mph, knots, by zone; what is no number is unknown, not 0."""
    speed = speed_of({key: value.replace("_", " ") for key, value in tags(text).items()})
    assert speed == (None if kmh is None else pytest.approx(kmh / 3.6))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("highway=track tracktype=grade2", RoadClass.TRACK),
        ("highway=track tracktype=grade3", RoadClass.ROUGH_TRACK),
        ("highway=track", RoadClass.ROUGH_TRACK),
        ("highway=trunk_link", RoadClass.TRUNK_LINK),
        ("highway=pedestrian vehicle=yes", RoadClass.PATH),
        ("highway=road", RoadClass.ROAD),
        ("highway=primary route=ferry", RoadClass.PRIMARY),
        ("route=ferry", RoadClass.FERRY),
    ],
)
def test_the_class_of_a_way(text: str, kind: RoadClass) -> None:
    """Tracks by their grade; what is for feet is a path for those few who may drive it."""
    meaning = meaning_of(tags(text))
    assert meaning is not None
    assert meaning.kind is kind


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("00:20", 1200), ("1:05", 3900), ("01:00:30", 3630), ("45", 2700), ("PT1H30M", 5400), ("PT90S", 90),
        ("soon", None), ("", None), ("00:00", None),
    ],
)  # fmt: skip
def test_the_crossing_time_of_a_ferry(duration: str, seconds: float | None) -> None:
    """As the wiki has it, in hours and minutes; ISO 8601 as well."""
    meaning = meaning_of({"route": "ferry", "duration": duration})
    assert meaning is not None
    assert meaning.crossing == seconds


def test_a_street_is_called_by_its_name_else_by_its_number() -> None:
    """And by nothing where there is neither."""
    for given, name in (({"name": "Jalan A", "ref": "1"}, "Jalan A"), ({"ref": "1"}, "1"), ({}, "")):
        meaning = meaning_of({"highway": "primary"} | given)
        assert meaning is not None
        assert meaning.name == name
