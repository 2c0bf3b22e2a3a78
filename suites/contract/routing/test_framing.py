"""Requests on whose end two parsers may disagree go no further than the proxy."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.protected_tag import met
from registry_conformance.judge.clients.framing import AMBIGUOUS, UNUSUAL
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.expect import expect_equal, require
from registry_conformance.judge.requirement import verifies

SEARCH = f"{REST}/experiments/search"


@one_door
@verifies("RTE-036")
@pytest.mark.parametrize("framing", AMBIGUOUS)
def test_ambiguous_end_is_refused(raw: Raw, framing: str) -> None:
    """A request whose end is ambiguous is refused to a writer too."""
    hidden = raw.spell("GET", f"{REST}/experiments/get?experiment_id=0")
    require(raw.send("POST", raw.at(SEARCH), framed=UNUSUAL["plain-length"](hidden)), 200)  # control: a clear end

    expect_equal(met(raw.send("POST", raw.at(SEARCH), framed=AMBIGUOUS[framing](hidden))), "refused", "first answer")
