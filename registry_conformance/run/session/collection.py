"""Rules for collected checks, and their parametrisation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from registry_conformance.judge.clients.model_flavors import KINDS
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Door
from registry_conformance.lab.deployment import DOORS

_ABOUT_KEYS = ("authentication", "authorization")
"""Areas whose checks depend on a door's policy."""
DOOR, KIND = "door_name", "model_kind"


def requirements_of(item: pytest.Item) -> tuple[str, ...]:
    """Return the requirement ids of a check, in the order written."""
    return tuple(dict.fromkeys(name for mark in item.iter_markers("verifies") for name in mark.args))


def is_check(item: pytest.Item) -> bool:
    """Return whether an item is under ``suites/``."""
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
    """Parametrise a check that uses a door over all door names, or leave the choice to the target if any door will do.

    The doors are the target's if known, else those of a local stack. A complete registration runs with one kind of
    model at each door, and with the other kinds at the first door only: doors do not differ by content. Checks about
    keys that one door answers for all run again at the first door with each further policy.
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
    """Return the names of doors with a policy that no door before has."""
    first = {door.policy: door.name for door in reversed(doors)}
    return [door.name for door in doors[1:] if first[door.policy] == door.name]
