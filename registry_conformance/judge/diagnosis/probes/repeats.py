"""The same request several times: what fails only now and then shows."""

from __future__ import annotations

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS
from registry_conformance.judge.diagnosis.asker import PLACES
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.reachability import SEARCH


def repeats(context: ProbeContext, place: str) -> None:
    """Ask the same six times: what fails only now and then shows."""
    asker = context.at(place)
    if reason := asker.why_not():
        context.facts.unseen(f"repeat.search.{place}", reason)
        return
    statuses = [str(asker.send("GET", SEARCH, once=True, query={"max_results": 1}).status) for _ in range(8)]
    if asker.why_not("GET metadata"):
        context.facts.unseen(f"repeat.search.{place}", asker.why_not("GET metadata"))
        return
    value = f"all {statuses[0]}" if len(set(statuses)) == 1 else " ".join(statuses)
    sentence = f"one search, eight times {PLACES[place]}: {value}"
    context.facts.record(f"repeat.search.{place}", value, sentence, "all 200")
    if asker.only_reads:
        context.facts.unseen(f"repeat.put.{place}", "read-only: nothing is uploaded")
        return
    if asker.sender.door.direct:
        context.facts.unseen(f"repeat.put.{place}", "artifacts pass the door by")
        return
    path = f"{ARTIFACTS}/artifacts/{context.folder}/repeat-{place}.bin"
    statuses = [str(asker.send("PUT", path, once=True, body=b"again").status) for _ in range(6)]
    if asker.why_not("PUT artifacts"):
        return
    value = f"all {statuses[0]}" if len(set(statuses)) == 1 else " ".join(statuses)
    context.facts.record(f"repeat.put.{place}", value, f"one upload, six times {PLACES[place]}: {value}", "all 200")
