"""All drills, by name."""

from gateway.drills import bojonegoro
from gateway.drills.drill import Plan

PLANS: dict[str, Plan] = {"bojonegoro": bojonegoro.PLAN}
