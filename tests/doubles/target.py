"""A pytest plugin that has a run judge a URL: ``-p tests.doubles.target``, the URL in ``DOUBLE_URL``.

``DOUBLE_PATIENCE`` is how many seconds clients wait for an answer.
"""

from __future__ import annotations

import os

import pytest

from registry_conformance.judge.target.target import Door, Target
from registry_conformance.lab.deployment import ROLES


@pytest.hookimpl
def pytest_conformance_target(config: pytest.Config) -> Target:
    """Return the double as a target: one door, made-up keys, nothing behind it."""
    del config
    door = Door("canonical", os.environ["DOUBLE_URL"], float(os.environ["DOUBLE_PATIENCE"]))
    states = (*ROLES, "expired", "revoked", "other-service")
    return Target("a double", "double", (door,), {state: f"hk_made_up_{state}_key" for state in states})
