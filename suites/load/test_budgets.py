"""What a target declares of its load is kept."""

from __future__ import annotations

from fixtures.load import Budget, LoadOutcome, SdkShare
from registry_conformance.judge.expect import expect_at_least, expect_equal, expect_within_limit
from registry_conformance.judge.requirement import verifies


@verifies("LOA-015")
def test_declared_rate_is_reached(load: LoadOutcome, budget: Budget) -> None:
    """The declared rate of requests is reached."""
    expect_at_least(load.rate, budget("rate"), "requests a second")


@verifies("LOA-016")
def test_percentiles_are_as_declared(load: LoadOutcome, budget: Budget) -> None:
    """The 95th percentile of each kind of request is as declared."""
    expect_equal(load.slow_kinds(budget("p95")), [], f"kinds of requests with a p95 above {budget('p95')} s")


@verifies("LOA-017")
def test_errors_are_as_few_as_declared(load: LoadOutcome, budget: Budget) -> None:
    """The share of requests that fail is within what is declared."""
    expect_within_limit(load.error_share, budget("errors"), "share of requests that fail")


@verifies("LOA-018")
def test_recovery_is_as_declared(recovered: float, budget: Budget) -> None:
    """All requests are served again within the declared time after a death."""
    expect_within_limit(recovered, budget("recovery"), "seconds until all is served again")


@verifies("LOA-019")
def test_registrations_by_the_client_complete(sdk_share: SdkShare) -> None:
    """Each registration by the MLflow client completes while others load the target."""
    expect_equal(sdk_share.problems, [], "registrations by the client that failed")
