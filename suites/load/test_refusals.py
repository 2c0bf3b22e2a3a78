"""Who is refused under load is refused properly, and nobody else is."""

from __future__ import annotations

from fixtures.load import LoadOutcome
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies


@verifies("LOA-008")
def test_refusals_say_when_to_come_again(load: LoadOutcome) -> None:
    """Each answer that is no success is 429 or 503 with Retry-After."""
    expect_equal(load.improper_refusals(), [], "answers under load that are neither a success nor a proper refusal")


@verifies("LOA-009")
def test_good_keys_are_not_refused(load: LoadOutcome) -> None:
    """No request with a good key is answered 401 or 403."""
    expect_equal(load.refused_keys(), [], "good keys refused")


@verifies("LOA-010")
def test_bad_keys_are_not_let_in(strangers: LoadOutcome) -> None:
    """No request with a bad key is served while others ask the same."""
    expect_equal(strangers.let_in(), [], "bad keys let in")


@verifies("LOA-011")
def test_no_success_has_half_a_body(load: LoadOutcome) -> None:
    """Each answer with status 200 has its whole body."""
    expect_equal(load.half_bodies(), [], "answers of 200 with half a body")
