"""Who the vehicles of a fleet are: the units of a profile, by its own ids."""

import itertools

from tracker.regions import Profile, ProfileUnit
from tracker.regions.members import village_units


def unit_names(count: int, profile: Profile | None = None) -> list[str]:
    """The units of a profile in its order, then those of its villages, then ambulans-01, ambulans-02, … as far as these
    ids are free."""
    known = [] if profile is None else [unit.id for unit in units_of(profile)]
    free = (f"ambulans-{number:02d}" for number in itertools.count(1))
    return list(itertools.islice(itertools.chain(known, (name for name in free if name not in set(known))), count))


def units_of(profile: Profile) -> list[ProfileUnit]:
    """Those that stand in it by name, and those of its villages."""
    return [*profile.units, *village_units(profile)]
