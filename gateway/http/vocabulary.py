"""Words that name something of the centre's: agencies, abilities of units, conditions of patients.

One that the centre does not have is refused with those it has: a misspelt agency would call nobody, and nobody would
notice. Only people are corrected like this; a call-taking system or a neighbour with words of its own is heard.
"""

from collections.abc import Callable, Collection, Iterable

from fastapi import HTTPException

from gateway.http.world import World


async def agencies(world: World, named: Iterable[str]) -> tuple[str, ...]:
    """These agencies, each once.

    Raises:
        HTTPException: 422, the centre has no such agency.
    """
    profile = {each.id for each in world.centre_rules.agencies}
    return await _known(world, named, lambda: profile | world.register.agencies.keys(), _AGENCY)


async def abilities(world: World, named: Iterable[str]) -> tuple[str, ...]:
    """These abilities of units, each once.

    Raises:
        HTTPException: 422, no unit of the centre is said to have one of them.
    """
    return await _known(world, named, lambda: world.register.abilities, _ABILITY)


async def condition(world: World, named: str) -> str:
    """This condition of a patient; "" is none said.

    Raises:
        HTTPException: 422, the table has no such row.
    """
    if named:
        table = await world.hospitals.conditions()
        await _known(world, [named], lambda: table.keys(), _CONDITION)
    return named


_AGENCY = "the centre has no agency {named}; it has: {known}. PUT /api/v1/agencies/{{id}} makes one"
_ABILITY = (
    "no unit of the centre is said to be able to do {named}; what its units can: {known}. "
    "PUT /api/v1/units/{{unit}}/details says what a unit can"
)
_CONDITION = "the table has no condition {named}; it has: {known}. PUT /api/v1/conditions/{{id}} makes one"


async def _known(
    world: World, named: Iterable[str], known: Callable[[], Collection[str]], sentence: str
) -> tuple[str, ...]:
    once = tuple(dict.fromkeys(named))
    if not set(once) <= set(known()):
        await world.register.load()  # another process may just have made it
    if missing := sorted(set(once) - set(known())):
        has = ", ".join(sorted(known())) or "none"
        raise HTTPException(422, sentence.format(named=", ".join(map(repr, missing)), known=has))
    return once
