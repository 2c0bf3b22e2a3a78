"""A refusal because of a missing or invalid key has one form, whatever was asked and whatever the key."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.policy import lacks_right
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies

pytestmark = lacks_right("anonymous", "read", "artifact-read", "artifact-write")

UNAUTHENTICATED = ("UNAUTHENTICATED", "application/json")


@verifies("AUT-056")
def test_want_of_a_key_is_told_by_401(turned_away: Sequence[Exchange]) -> None:
    """A missing or invalid key is refused with 401."""
    expect_equal([str(each) for each in turned_away if each.status != 401], [], "refusals with another status")


@verifies("AUT-019")
def test_want_of_a_key_is_told_in_mlflows_form(turned_away: Sequence[Exchange]) -> None:
    """A missing or invalid key is refused in JSON."""
    formless = [str(each) for each in turned_away if (each.error_code, each.content_type) != UNAUTHENTICATED]

    expect_equal(formless, [], "refusals in another form")


@verifies("AUT-018")
def test_want_of_a_key_is_challenged(turned_away: Sequence[Exchange]) -> None:
    """A missing or invalid key is refused with WWW-Authenticate."""
    expect_equal([str(each) for each in turned_away if not each.header("www-authenticate")], [], "without a challenge")
