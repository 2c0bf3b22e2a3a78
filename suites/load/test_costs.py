"""What a load costs the parts of a deployment, and the clients beside it."""

from __future__ import annotations

from fixtures.load import LoadOutcome, QuestionsUnderLoad
from registry_conformance.judge.expect import expect_at_least, expect_equal, expect_within_limit
from registry_conformance.judge.load.figures import LEAST_OVERTAKEN
from registry_conformance.judge.requirement import verifies


@verifies("LOA-012")
def test_memory_stays_flat(soaked: LoadOutcome) -> None:
    """No part's memory grows by more than a tenth after warming up."""
    expect_equal(soaked.growing(), [], "parts whose memory grows")


@verifies("LOA-013")
def test_key_service_is_asked_by_the_cache_time(questions_under_load: QuestionsUnderLoad) -> None:
    """The key service is asked about no key more often than the cache allows."""
    expect_equal(questions_under_load.too_many, [], "questions to the key service")


@verifies("LOA-020")
def test_requests_are_served_side_by_side(overtaken: float) -> None:
    """Short requests overtake long ones that were sent before them."""
    expect_at_least(overtaken, LEAST_OVERTAKEN, "share of requests that later ones overtook")


@verifies("LOA-014")
def test_quiet_client_is_answered(load: LoadOutcome) -> None:
    """Each request of a client that asks little is answered."""
    expect_equal(load.unanswered_quiet(), 0, "requests of the quiet client that failed")


@verifies("LOA-014")
def test_quiet_client_is_not_starved(quiet_share: float) -> None:
    """A client that asks little is answered as soon as others are."""
    expect_within_limit(quiet_share, 1.5, "its median over that of the others for the same request")
