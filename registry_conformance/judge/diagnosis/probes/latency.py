"""How long things take, while nothing else is asked: metadata, health and refusals, through the proxy and past it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS
from registry_conformance.judge.diagnosis.asker import PLACES, Asker
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.reachability import (
    ONE,
    PATIENT,
    SEARCH,
    SLOW,
    never_issued,
    record_latency,
)
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange

SLOW_FILE = 1.0
"""Seconds from which a small upload or download is slow."""
_HASHED = 1.5
"""Seconds from which a search with a password is slow: it is hashed for each request, and again for each permission."""
_FEW, _MANY = 3, 8
"""So many times what is slow is asked, so that one hiccup is no fact; and so many on a machine that is busy itself."""
_ALIKE = 1.7
"""So many times as long as the fastest of many may take the slowest, where the time is a wait and no work."""
_FAR = 6
"""So many times as long as what is slow at all is no hiccup."""


def pace(context: ProbeContext) -> None:
    """Time small requests, a slow one again, so that one hiccup is no fact."""
    with context.budget.besides():
        for place, role, aspect, words, path in (
            ("O", None, "search", "a search", SEARCH),
            ("O", None, "health", "health", "/health"),
            ("P", None, "health", "health", "/health"),
            ("P", None, "anonymous", "a request without a key", SEARCH),
            ("P", "writer", "search", "a search with a key seen before", SEARCH),
        ):
            asker = context.at(place, role, patience=PATIENT)
            slow = _HASHED if role and context.hashes_passwords else SLOW
            _time(asker, f"pace.{aspect}", f"{words} {PLACES[place]}", path, slow=slow)
        asker = context.stranger()
        words = "a request with a key never seen before through the proxy"
        _time(asker, "pace.unknown-key", words, SEARCH, never_issued)


def _time(
    asker: Asker,
    fact: str,
    words: str,
    path: str,
    headers: Callable[[], Iterable[tuple[str, str]]] = tuple,
    slow: float = SLOW,
) -> None:
    """Tell how long a small request takes; ``slow`` is from how many seconds on it is slow."""
    name = f"{fact}.{asker.place}"
    if reason := asker.why_not():
        asker.context.facts.unseen(name, reason)
        return
    timed = fastest(asker.context, slow, lambda: asker.send("GET", path, query=ONE, headers=headers()))
    record_latency(asker.context, name, words, timed.exchange, slow, sure=timed.sure)


def uploads(context: ProbeContext) -> None:
    """Time a small upload and its download."""
    asker = context.at("P", patience=PATIENT)
    if reason := asker.why_not():
        context.facts.unseen("pace.put.P", reason)
        return
    with context.budget.besides():
        _time_file(asker)


def _time_file(asker: Asker) -> None:
    context, path = asker.context, f"{ARTIFACTS}/artifacts/{asker.context.folder}/pace.bin"
    timed = fastest(context, SLOW_FILE, lambda: asker.send("PUT", path, body=b"pace"))
    put = timed.exchange
    if put.error.startswith("skipped: "):
        context.facts.unseen("pace.put.P", put.error.removeprefix("skipped: "))
        return
    context.facts.record("pace.said.P", summarize(put), f"what came of that upload: {put}", evidence=(put.evidence(),))
    record_latency(context, "pace.put.P", "an upload through the proxy", put, SLOW_FILE, sure=timed.sure)
    if put.ok:
        timed = fastest(context, SLOW_FILE, lambda: asker.send("GET", path))
        record_latency(
            context, "pace.get.P", "a download through the proxy", timed.exchange, SLOW_FILE, sure=timed.sure
        )


@dataclass(frozen=True, slots=True)
class Timed:
    """The fastest of some exchanges; ``sure`` is whether a busy machine does not explain it.

    There were many, and all took about as long: a wait is the same each time, and work is not where others work too.
    """

    exchange: Exchange
    sure: bool = False


def fastest(context: ProbeContext, slow: float, send: Callable[[], Exchange]) -> Timed:
    """Return the fastest of a few exchanges; one that is fast, silent or takes far too long is enough.

    What others that want the processor make of a request is different each time, and what the target makes of it is
    not: of many the fastest shows the target's own pace.
    """
    best = worst = first = send()
    if _silent(first) or first.seconds < slow or first.seconds > _FAR * slow * context.waits.stretch:
        return Timed(first)
    for asked in range(1, _MANY):
        doubtful = best.seconds < slow * context.waits.stretch
        if best.seconds < slow or (asked >= _FEW and not doubtful):
            break
        again = send()
        if _silent(again):
            return Timed(best)
        best, worst = min(best, again, key=_seconds), max(worst, again, key=_seconds)
    return Timed(best, sure=worst.seconds < _ALIKE * best.seconds)


def _seconds(exchange: Exchange) -> float:
    return exchange.seconds


def _silent(exchange: Exchange) -> bool:
    """Return whether no whole answer came in the time that it was waited for, or nothing was asked."""
    return exchange.status is None or exchange.error.startswith("timeout")
