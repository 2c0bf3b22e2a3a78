"""Requests on whose end two parsers may disagree go no further than the proxy."""

from __future__ import annotations

import pytest

from fixtures.checks import one_door
from fixtures.checks.guarded import met
from fixtures.clients.framing import AMBIGUOUS, UNUSUAL
from fixtures.clients.raw import Raw
from fixtures.clients.wire import REST
from fixtures.expect import expect_equal, given
from fixtures.requirement import verifies

SEARCH = f"{REST}/experiments/search"


@one_door
@verifies("RTE-036")
@pytest.mark.parametrize("framing", AMBIGUOUS)
def test_ambiguous_end_is_refused(raw: Raw, framing: str) -> None:
    """A request whose end is ambiguous is refused to a writer too."""
    hidden = raw.spell("GET", f"{REST}/experiments/get?experiment_id=0")
    given(raw.send("POST", raw.at(SEARCH), framed=UNUSUAL["plain-length"](hidden)), 200)  # control: a clear end

    expect_equal(met(raw.send("POST", raw.at(SEARCH), framed=AMBIGUOUS[framing](hidden))), "refused", "first answer")
