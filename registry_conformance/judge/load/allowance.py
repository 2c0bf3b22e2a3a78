"""The remaining budget of a load on a third-party target, checked before each operation, verification included."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.target.guard import Guard
from registry_conformance.judge.target.requests import Requests

LOOKS = 0.5
"""So many requests look afterwards at what one request of a load did, at most: a read needs none, a write one."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The highest cost of an operation: requests, bytes uploaded, uploads."""

    requests: int
    bytes: int = 0
    objects: int = 0


REGISTRATION = Cost(8, 0, 2)
"""What a registration takes at least, beside the bytes of its model."""


def least_cost(plan: LoadPlan) -> Cost:
    """Return what a load takes at least that ends after a number of registrations, the looks afterwards included."""
    count = plan.registrations
    smallest = min(size for size, _ in plan.sizes)
    requests = math.ceil(count * REGISTRATION.requests * (1 + LOOKS))
    return Cost(requests, count * smallest, count * REGISTRATION.objects)


@dataclass(frozen=True)
class Allowance:
    """What is left of the caps of a target; without a guard there are none.

    ``users`` is how many pieces of work may be under way at once, each of which may not have been counted yet, and
    ``kept_back`` the requests that preparation, proof and the last looks need.
    """

    guard: Requests | None
    users: int
    kept_back: int = 50

    def lacks(self, cost: Cost) -> str:
        """Return which limit an operation would exceed, empty if none."""
        guard = self._caps
        if guard is None:
            return ""
        spent = guard.spent()
        wanted = {
            "requests": cost.requests * (self.users + 1) + self.kept_back + spent["requests"][0] * LOOKS,
            "bytes": cost.bytes * (self.users + 1),
            "objects": cost.objects * (self.users + 1),
            "seconds": 0,
        }
        short = (name for name, amount in wanted.items() if spent[name][0] + amount > spent[name][1])
        name = next(short, "")
        return f"the cap on {name} is reached ({spent[name][0]:g} of {spent[name][1]:g})" if name else ""

    @cached_property
    def _caps(self) -> Guard | None:
        return self.guard if isinstance(self.guard, Guard) else None
