"""The hook by which another plugin supplies the target of a run."""

from __future__ import annotations

import pytest

from registry_conformance.judge.target.target import Target


@pytest.hookspec(firstresult=True)
def pytest_conformance_target(config: pytest.Config) -> Target | None:
    """Return an existing target, so that no stack is started; called in every process of the run."""
