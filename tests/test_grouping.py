"""Checks that look at one registration share a worker; no others do."""

from __future__ import annotations

import pytest

from fixtures.checks.grouping import scope_of

FLOW = "suites/contract/registration/test_flow.py"


def test_one_registration_is_one_scope() -> None:
    """Checks of one kind at one door share a scope, in whichever file."""
    scopes = {scope_of(f"{FLOW}::test_a[sklearn-canonical]"), scope_of("suites/x.py::test_b[sklearn-canonical]")}

    assert len(scopes) == 1


@pytest.mark.parametrize("case", ["[sklearn-literal]", "[pyfunc-canonical]", "[canonical]", "[canonical-8KiB]", ""])
def test_other_checks_stand_alone(case: str) -> None:
    """Another kind, another door, and checks without a registration stand alone."""
    assert scope_of(f"{FLOW}::test_a{case}") != scope_of(f"{FLOW}::test_a[sklearn-canonical]")
    assert scope_of("suites/a.py::test_a[canonical]") == "suites/a.py::test_a[canonical]"
