"""A pytest plugin that has a run judge a URL: ``-p tests.doubles.target``, the URL in ``DOUBLE_URL``.

``DOUBLE_PATIENCE`` is how many seconds clients wait for an answer. ``DOUBLE_PART`` is ``K/N``: of N cases the K-th is
asked, the first being 0; of several parts none has cases that MLflow's SDK is imported for.
"""

from __future__ import annotations

import os

import pytest

from registry_conformance.judge.target.target import Door, Target
from registry_conformance.lab.deployment import ROLES


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the cases of one part."""
    part, parts = map(int, os.environ["DOUBLE_PART"].split("/"))
    light = [item for item in items if parts == 1 or "isolated" not in getattr(item, "fixturenames", ())]
    kept = set(light[part::parts])
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


@pytest.hookimpl
def pytest_conformance_target(config: pytest.Config) -> Target:
    """Return the double as a target: one door, made-up keys, nothing behind it."""
    del config
    door = Door("canonical", os.environ["DOUBLE_URL"], float(os.environ["DOUBLE_PATIENCE"]))
    states = (*ROLES, "expired", "revoked", "other-service")
    return Target("a double", "double", (door,), {state: f"hk_made_up_{state}_key" for state in states})
