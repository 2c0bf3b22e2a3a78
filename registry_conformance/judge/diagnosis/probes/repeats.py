"""The same request several times: what fails only now and then shows."""

from __future__ import annotations

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS
from registry_conformance.judge.diagnosis.answer_judges import sameness
from registry_conformance.judge.diagnosis.asker import PLACES
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import content
from registry_conformance.judge.diagnosis.probes.reachability import SEARCH
from registry_conformance.judge.evidence.exchange import Exchange


def repeats(context: ProbeContext, place: str) -> None:
    """Search, upload and download the same again and again: what fails only now and then shows."""
    asker = context.at(place)
    if reason := asker.why_not():
        context.facts.unseen(f"repeat.search.{place}", reason)
        return
    statuses = [str(asker.send("GET", SEARCH, once=True, query={"max_results": 1}).status) for _ in range(8)]
    if asker.why_not("GET metadata"):
        context.facts.unseen(f"repeat.search.{place}", asker.why_not("GET metadata"))
        return
    _record(context, f"repeat.search.{place}", f"one search, eight times {PLACES[place]}", statuses)
    if asker.only_reads:
        context.facts.unseen(f"repeat.put.{place}", "read-only: nothing is uploaded")
        return
    if asker.sender.door.direct:
        context.facts.unseen(f"repeat.put.{place}", "artifacts pass the door by")
        return
    body, path = content(600, seed=11), f"{ARTIFACTS}/artifacts/{context.folder}/repeat-{place}.bin"
    statuses = [str(asker.send("PUT", path, once=True, body=body).status) for _ in range(6)]
    if asker.why_not("PUT artifacts"):
        return
    _record(context, f"repeat.put.{place}", f"one upload, six times {PLACES[place]}", statuses)
    if "200" not in statuses:
        context.facts.unseen(f"repeat.get.{place}", "nothing was uploaded")
        return
    came = [_came(asker.send("GET", path, once=True), body) for _ in range(8)]
    if not asker.why_not("GET artifacts"):
        _record(context, f"repeat.get.{place}", f"one download, eight times {PLACES[place]}", came)


def _record(context: ProbeContext, name: str, words: str, told: list[str]) -> None:
    """Record what came of a request each time."""
    value = f"all {told[0]}" if len(set(told)) == 1 else " ".join(told)
    context.facts.record(name, value, f"{words}: {value}", "all 200")


def _came(met: Exchange, body: bytes) -> str:
    """Return the status of a download, or how its bytes differ from those that were sent."""
    how = sameness(met.response_body.size, met.response_body.sha256, body)
    return how if met.ok and how != "whole" else str(met.status)
