"""The hook by which another plugin gives a run its target."""

from __future__ import annotations

import pytest

from registry_conformance.judge.target.target import Target


@pytest.hookspec(firstresult=True)
def pytest_conformance_target(config: pytest.Config) -> Target | None:
    """Return a target that stands already, so that no stack is started; asked in every process of the run."""
