"""Checks that need the SDK share a worker, as do those of the scratch stack; no others do."""

from __future__ import annotations

import pytest

from fixtures.grouping import LONG, scope_of
from registry_conformance.judge.locations import ROOT

FLOW = "suites/contract/registration/test_flow.py"


def test_the_sdk_is_one_scope() -> None:
    """Registrations and single steps by the SDK share a scope, in whichever file: one worker imports it."""
    cases = ("sklearn-canonical", "pyfunc-literal", "any-sdk", "canonical-sdk")
    scopes = {scope_of(f"suites/{case}.py::test_a[{case}]") for case in cases}

    assert len(scopes) == 1


def test_spare_stack_is_one_scope() -> None:
    """Every check that changes the scratch stack shares one scope, whatever else it is parametrised over."""
    cases = ("scratch", "scratch-slow", "scratch-name[1].bin")
    scopes = {scope_of(f"suites/local/{place}.py::test_a[{case}]") for place, case in enumerate(cases)}

    assert len(scopes) == 1
    assert scopes != {scope_of("suites/local/a.py::test_a[canonical]")}


def test_long_checks_are_one_scope() -> None:
    """Checks that take long share a scope, which is sent before what stands alone; their files are there."""
    assert {scope_of(f"{file}::test_a[any]") for file in LONG} == {"long"}
    assert all((ROOT / file).is_file() for file in LONG)


@pytest.mark.parametrize("case", ["[canonical]", "[canonical-8KiB]", ""])
def test_other_checks_stand_alone(case: str) -> None:
    """Checks that need neither stand alone."""
    assert scope_of(f"{FLOW}::test_a{case}") != scope_of(f"{FLOW}::test_a[sklearn-canonical]")
    assert scope_of("suites/a.py::test_a[canonical]") == "suites/a.py::test_a[canonical]"
