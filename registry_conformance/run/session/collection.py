"""What every check must carry, and what it is parametrised over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from registry_conformance.judge.clients.model_flavors import KINDS
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Door
from registry_conformance.lab.deployment import DOORS

_ABOUT_KEYS = ("authentication", "authorization")
"""Areas whose checks come out by a door's policy."""
DOOR, KIND = "door_name", "model_kind"


def requirements_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the requirement ids that a check verifies, in the order they are written."""
    return tuple(dict.fromkeys(name for mark in item.iter_markers("verifies") for name in mark.args))


def is_check(item: pytest.Item) -> bool:
    """Return whether an item stands under ``suites/``."""
    return item.path.is_relative_to(SUITES)


def refuse_unregistered(items: Iterable[pytest.Item], register: Register) -> None:
    """Raise ``pytest.UsageError`` that names each check without a requirement, or with one not in the register."""
    problems = {}
    for item in filter(is_check, items):
        ids = requirements_of(item)
        if not ids:
            problems[item.nodeid.split("[")[0]] = "names no requirement; add @verifies('XXX-000') above it"
        elif unknown := [name for name in ids if name not in register]:
            problems[item.nodeid.split("[")[0]] = f"verifies {', '.join(unknown)}, not in suites/requirements"
    if problems:
        raise pytest.UsageError("\n".join(f"{check} {problem}" for check, problem in problems.items()))


def over_doors(metafunc: pytest.Metafunc, doors: Sequence[Door]) -> None:
    """Parametrise whatever asks for a door over the names of all doors, or leave it to the target if any will do.

    The doors are the target's if they are known by now, else all that a stack of our own has.

    A whole registration is walked with one kind of model at each door, and with the others at the first: how doors
    differ does not depend on what is sent. What one door answers for all about keys is asked again at the first of
    the target's ``doors`` with each further policy.
    """
    names = [door.name for door in doors] or list(DOORS)
    if KIND in metafunc.fixturenames:
        first = names[0]
        planned_registrations = [*((door, KINDS[0]) for door in names), *((first, kind) for kind in KINDS[1:])]
        metafunc.parametrize(
            (DOOR, KIND),
            planned_registrations,
            ids=[f"{kind}-{door}" for door, kind in planned_registrations],
            scope="session",
        )
    elif DOOR in metafunc.fixturenames:
        if not metafunc.definition.get_closest_marker("one_door"):
            metafunc.parametrize(DOOR, names, scope="session")
            return
        more = further(doors) if metafunc.definition.path.parent.name in _ABOUT_KEYS else []
        metafunc.parametrize(DOOR, ["", *more], ids=["any", *more], scope="session")


def further(doors: Sequence[Door]) -> list[str]:
    """Return the names of doors if another policy is promised than at all before."""
    first = {door.policy: door.name for door in reversed(doors)}
    return [door.name for door in doors[1:] if first[door.policy] == door.name]
