"""All drills, by name."""

from gateway.drills import banyuwangi, bojonegoro, jambi, ppu, sumsel
from gateway.drills.drill import Plan

PLANS: dict[str, Plan] = {each.PLAN.profile: each.PLAN for each in (banyuwangi, bojonegoro, jambi, ppu, sumsel)}
