"""How long things take, while nothing else is asked: metadata, health and refusals, through the proxy and past it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS
from registry_conformance.judge.diagnosis.probe_context import PLACES, Asker, ProbeContext
from registry_conformance.judge.diagnosis.probes.reachability import ONE, PATIENT, SEARCH, SLOW, record_latency
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange

SLOW_FILE = 1.0
"""Seconds from which a small upload or download is slow."""


def pace(context: ProbeContext) -> None:
    """Time small requests, a slow one twice, so that one hiccup is no fact."""
    for place, role, aspect, words, path in (
        ("O", None, "search", "a search", SEARCH),
        ("O", None, "health", "health", "/health"),
        ("P", None, "health", "health", "/health"),
        ("P", None, "anonymous", "a request without a key", SEARCH),
        ("P", "writer", "search", "a search with a key seen before", SEARCH),
    ):
        asker = context.at(place, role, patience=PATIENT)
        if reason := asker.why_not():
            context.facts.unseen(f"pace.{aspect}.{place}", reason)
            continue
        best = _best(asker, path)
        record_latency(context, f"pace.{aspect}.{place}", f"{words} {PLACES[place]}", best)
    asker = context.at("P", None, patience=PATIENT)
    if not asker.why_not():
        headers = [("Authorization", f"Bearer hk_{secrets.token_hex(12)}")]
        best = _best(asker, SEARCH, headers)
        record_latency(context, "pace.unknown-key.P", "a request with a key never seen before through the proxy", best)


def _best(asker: Asker, path: str, headers: Iterable[tuple[str, str]] = ()) -> Exchange:
    """Return the fastest of three exchanges, the first if that is fast, or far too slow for a hiccup."""
    first = asker.send("GET", path, query=ONE, headers=headers)
    if first.seconds < SLOW or first.seconds > 6 * SLOW * asker.context.machine.stretch:
        return first
    again = [asker.send("GET", path, query=ONE, headers=headers) for _ in range(2)]
    asked = [exchange for exchange in again if not exchange.error.startswith("skipped: ")]
    return min([first, *asked], key=lambda exchange: exchange.seconds)


def uploads(context: ProbeContext) -> None:
    """Time a small upload and its download."""
    asker = context.at("P", patience=PATIENT)
    if reason := asker.why_not():
        context.facts.unseen("pace.put.P", reason)
        return
    path = f"{ARTIFACTS}/artifacts/{context.name}/pace.bin"
    put = _best_of(lambda: asker.send("PUT", path, body=b"pace"))
    if put.error.startswith("skipped: "):
        context.facts.unseen("pace.put.P", put.error.removeprefix("skipped: "))
        return
    context.facts.record("pace.said.P", summarize(put), f"what came of that upload: {put}", evidence=(put.evidence(),))
    record_latency(context, "pace.put.P", "an upload through the proxy", put, SLOW_FILE)
    if put.ok:
        got = _best_of(lambda: asker.send("GET", path))
        record_latency(context, "pace.get.P", "a download through the proxy", got, SLOW_FILE)


def _best_of(send: Callable[[], Exchange]) -> Exchange:
    """Return the fastest of up to three exchanges; one that is fast, or fails, needs no other."""
    first = send()
    if not first.ok or first.seconds < SLOW_FILE:
        return first
    return min(first, send(), send(), key=lambda exchange: exchange.seconds)
