"""Decides which checks run on a target: those of its promises, at working doors."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from registry_conformance.judge.expect import PreconditionFailed
from registry_conformance.judge.requirement import Register, Requirement
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.run.session.collection import DOOR, requirements_of

_WAY = "reach"
"""The area whose checks also run at broken doors: they show how far a connection gets."""


def refuse_unasked(item: pytest.Item, register: Register, target: Target) -> None:
    """Skip a check that the target does not promise; raise ``PreconditionFailed`` for one at a broken door."""
    asked = [register[name] for name in requirements_of(item) if name in register]
    for mark in item.iter_markers("only_for"):
        if unpromised := [reason for name in mark.args if (reason := target.promises.unasked(name))]:
            pytest.skip(f"{unpromised[0]}")
    reasons = [register.unasked.get(each.id) or target.promises.unasked(each.profile, each.feature) for each in asked]
    if reasons and all(reasons):
        pytest.skip(f"{reasons[0]}")
    if reason := unasked_of_version(item, asked, target.versions.get("mlflow", "")):
        pytest.skip(f"{reason}")
    if broken := _broken_door(item, asked, target):
        raise PreconditionFailed(f"a {broken.name} door that answers with the key", broken.broken)


def unasked_of_version(item: pytest.Item, asked: Sequence[Requirement], mlflow: str) -> str:
    """Return why a check does not apply to an MLflow version, empty if it does.

    It does not apply if one of its requirements does not.
    """
    here = mlflow.rsplit(maxsplit=1)[-1:]
    cases = [mark.args for mark in item.iter_markers("for_versions")]
    reasons = [each.unasked_of(mlflow) for each in asked]
    reasons += [
        f"not asked of MLflow {here[0]}, but of {versions}: {otherwise}"
        for versions, otherwise in cases
        if here and here[0] not in versions
    ]
    return next(filter(None, reasons), "")


def _broken_door(item: pytest.Item, asked: Sequence[Requirement], target: Target) -> Door | None:
    if DOOR not in getattr(item, "fixturenames", ()) or all(each.area == _WAY for each in asked):
        return None
    params = getattr(getattr(item, "callspec", None), "params", {})
    named = {door.name: door for door in target.doors}
    door = named.get(params.get(DOOR) or next((each.name for each in target.working_doors), ""))
    return door if door is not None and door.broken else None
