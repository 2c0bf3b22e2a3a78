"""A search that got no answer is sent again by turns: whether a part of what answers hangs, or all of it."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.asker import patient
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.reachability import ONE, SEARCH

_TIMES, _ALL_SILENT = 8, 3
"""How often it is sent at most, and how many silences without an answer before are enough."""
_PATIENCE = 6.0


def by_turns(context: ProbeContext) -> None:
    """Tell how often the same search is answered at once, one after another, where it was not answered at first."""
    asker = context.at("P")
    if asker.reason or not context.facts.value("doors.search.P").endswith("timeout"):
        return
    sender = patient(asker.sender, _PATIENCE * context.waits.slack)
    met = []
    with context.budget.besides():
        for _ in range(_TIMES):
            met.append(sender.send("GET", SEARCH, query=ONE))
            answered = [each.ok for each in met]
            if answered[-1] is False and (any(answered) or len(met) >= _ALL_SILENT):
                break
    words = f"the same search, sent {len(met)} times one after another: answered {sum(answered)} times"
    evidence = tuple(each.evidence() for each in met)
    context.facts.record("doors.turns.P", f"{sum(answered)} of {len(met)}", words, evidence=evidence)
