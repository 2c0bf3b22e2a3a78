"""Checks that look at one registration share a worker; no others do."""

from __future__ import annotations

import pytest

from fixtures.checks.grouping import scope_of

FLOW = "suites/contract/registration/test_flow.py"


def test_one_registration_is_one_scope() -> None:
    """Checks of one kind at one door share a scope, in whichever file."""
    scopes = {scope_of(f"{FLOW}::test_a[sklearn-canonical]"), scope_of("suites/x.py::test_b[sklearn-canonical]")}

    assert len(scopes) == 1


def test_spare_stack_is_one_scope() -> None:
    """Every check that changes the spare stack shares one scope, whatever else it is parametrised over."""
    scopes = {scope_of("suites/local/a.py::test_a[spare]"), scope_of("suites/local/b.py::test_b[spare-slow]")}

    assert len(scopes) == 1
    assert scopes != {scope_of("suites/local/a.py::test_a[canonical]")}


@pytest.mark.parametrize("case", ["[sklearn-literal]", "[pyfunc-canonical]", "[canonical]", "[canonical-8KiB]", ""])
def test_other_checks_stand_alone(case: str) -> None:
    """Another kind, another door, and checks without a registration stand alone."""
    assert scope_of(f"{FLOW}::test_a{case}") != scope_of(f"{FLOW}::test_a[sklearn-canonical]")
    assert scope_of("suites/a.py::test_a[canonical]") == "suites/a.py::test_a[canonical]"
