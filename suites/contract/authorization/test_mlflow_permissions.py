"""MLflow's own permissions on experiments and models hold as they are granted, and as is declared by default."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.permissions import Shared
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies
from registry_conformance.judge.target.permissions import LETS, LETS_WITH_ARTIFACTS, NOTHING

pytestmark = one_door

PERMISSIONS = [
    pytest.param(NOTHING, marks=verifies("AUZ-040"), id="nothing"),
    pytest.param("READ", marks=verifies("AUZ-041"), id="read"),
    pytest.param("EDIT", marks=verifies("AUZ-042"), id="edit"),
    pytest.param("MANAGE", marks=verifies("AUZ-043"), id="manage"),
]


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_permission_gives_what_it_says(shared: Shared, permission: str) -> None:
    """A permission on a thing gives what it says, and no more."""
    shared.grant(permission)

    expect_equal(shared.attempts(), LETS[permission], f"what {permission} gives")


@verifies("AUZ-040")
def test_no_permission_hides_a_thing(shared: Shared) -> None:
    """What a user has no permission on is in none of their searches."""
    shared.grant("READ")
    before = shared.is_found(shared.colleague)
    shared.take_back()
    shared.grant(NOTHING)

    expect_equal((before, shared.is_found(shared.colleague)), (True, False), "found with READ, and with nothing")


@verifies("AUZ-044")
def test_default_counts_where_nothing_is_granted(shared: Shared) -> None:
    """What nobody granted is let or denied by the declared default."""
    expect_equal(shared.attempts(), LETS[shared.default], f"what the default, {shared.default}, gives")


@verifies("AUZ-045")
@pytest.mark.parametrize("permission", [NOTHING, "READ", "EDIT", "MANAGE"])
def test_permission_holds_for_artifacts(shared_run: Shared, permission: str) -> None:
    """A permission on an experiment gives as much with the artifacts of its runs."""
    shared_run.grant(permission)

    expect_equal(
        shared_run.attempts_with_artifacts(), LETS_WITH_ARTIFACTS[permission], f"what {permission} gives with artifacts"
    )


@verifies("AUZ-046")
def test_permission_that_is_taken_back_counts_no_more(shared: Shared) -> None:
    """A permission that is revoked leaves what the default gives."""
    shared.grant("MANAGE")
    before = shared.may_hand_on()
    shared.take_back()

    assert before, "control: it counted"
    expect_equal(shared.attempts(), LETS[shared.default], f"what the default, {shared.default}, gives")
