"""Whether a run judges an environment; cheap to import, because every run needs it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.machine import target_overrides
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session.arguments import is_live, is_load, is_local, registers_on_own_stack
from registry_conformance.run.settings import Settings

if TYPE_CHECKING:
    from registry_conformance.run.session.live_run import LiveRun

_ORDER = (
    "contract/reach",
    "contract/operations/test_what_is_deployed.py",
    "contract/authentication/test_no_key.py",
    "contract/authentication/test_bad_keys.py",
    "contract/operations",
    "live/test_real_registration.py",
    "contract/registration/test_flow.py",
    "contract/registration",
    "contract/artifacts",
)
"""The checks to run first, each of which depends on those before it."""

_VERIFIES = re.compile(r"^(?:@|.*marks=)verifies\(([^)]*)\)", re.MULTILINE)


def visit(config: pytest.Config, settings: Settings, register: Register) -> LiveRun | None:
    """Return the live run to make, ``None`` if the run judges a local stack.

    Raises ``EnvironmentFileError`` if the environment cannot be used as its file says, or an option conflicts with it.
    """
    if settings.plan is not None:
        return None
    if not settings.env:
        if is_live(config) and not registers_on_own_stack(config):
            raise EnvironmentFileError(
                "suites/live judges an environment: name it by --env=NAME, or give --env-file=PATH or --url=URL"
            )
        return None
    if is_local(config):
        raise EnvironmentFileError(
            f"{settings.environment_option}: suites/local needs a stack of our own; run pytest suites/live"
        )
    if settings.faults:
        raise EnvironmentFileError(f"--fault={settings.faults[0]}: faults need a local stack")
    if switches := target_overrides():
        raise EnvironmentFileError(
            f"{switches[0]} is set: with something else in the place of the target nothing is verified; unset it"
        )
    from registry_conformance.run.session import live_run  # noqa: PLC0415 - a fifth of a second that only visits need

    environment = live_run.environment_of(settings, register)
    if is_load(config) and settings.load:
        settings = replace(settings, load=live_run.allowed_load(settings, environment))
    return live_run.LiveRun(settings, environment)


def first_things_first(items: list[pytest.Item]) -> None:
    """Move the checks that all others depend on to the front."""
    items.sort(key=lambda item: _rank(item.path.relative_to(SUITES).as_posix(), _ORDER))


def _rank(path: str, order: Sequence[str]) -> int:
    return next((rank for rank, begin in enumerate(order) if path.startswith(begin)), len(order))


def only_the_way(record: CheckRecord) -> bool:
    """Return whether a check that passed tested only the connection to a door."""
    return record.verdict is Verdict.PASSED and all(name.startswith("RCH-") for name in record.requirements)


def beyond(*, live: bool) -> dict[str, str]:
    """Return requirement id -> why no check can judge it, in an environment or on a local stack."""
    own, portable, visiting, loading = (_verified(SUITES / folder) for folder in ("local", "contract", "live", "load"))
    loaded = dict.fromkeys(sorted(loading - portable - own - visiting), "is judged by registry-conformance load")
    if live:
        return loaded | dict.fromkeys(sorted(own - portable - visiting), "needs a stack of our own")
    return loaded | dict.fromkeys(
        sorted(visiting - portable - own), "is about deployments of others: pytest suites/live judges it"
    )


def _verified(folder: Path) -> set[str]:
    """Return the requirements that the checks of a folder verify."""
    marks = (mark for file in folder.rglob("test_*.py") for mark in _VERIFIES.findall(file.read_text(encoding="utf-8")))
    return {name for mark in marks for name in re.findall(r'"([A-Z]{3}-\d{3})"', mark)}
