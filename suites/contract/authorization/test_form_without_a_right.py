"""A refusal because of a missing right has one form, whatever was tried."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.policy import lacks_right
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies

pytestmark = lacks_right("reader", "write", "artifact-write")

PERMISSION_DENIED = ("PERMISSION_DENIED", "application/json")


@verifies("AUZ-035")
def test_want_of_a_right_is_told_by_403(not_permitted: Sequence[Exchange]) -> None:
    """A missing right is refused with 403."""
    expect_equal([str(each) for each in not_permitted if each.status != 403], [], "refusals with another status")


@verifies("AUZ-010")
def test_want_of_a_right_is_told_in_mlflows_form(not_permitted: Sequence[Exchange]) -> None:
    """A missing right is refused in JSON."""
    formless = [str(each) for each in not_permitted if (each.error_code, each.content_type) != PERMISSION_DENIED]

    expect_equal(formless, [], "refusals in another form")
