"""The battery: all probes over one target, a short tree in a bounded time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes import (
    access,
    answers,
    artifacts,
    bodies,
    bucket,
    client,
    concurrency,
    keyservice,
    latency,
    parts,
    reachability,
    registry,
    routes,
)
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.target import Target

SECONDS = 10.0
"""After so many seconds no further request is begun, so that the whole takes less than 15 s."""
AT_ONCE = 6
_OUTLANDISH = (TypeError, KeyError, AttributeError, IndexError, ValueError, OverflowError)
"""What a probe raises over an answer of a form that nobody thought of: what it would have told stays unseen."""


def look(target: Target, run: str, seconds: float = SECONDS, enough: Callable[[Facts], bool] | None = None) -> Facts:
    """Return the facts that can be seen of a target; nothing is begun after ``seconds``, or behind what is dead.

    Of a target that lets a writer in, no further part is looked at once ``enough`` is known.
    """
    facts, began = Facts(), parts.sizes(target)
    if not target.doors:
        facts.unseen("reach.line.P", "the target has no door")
        return facts
    context = ProbeContext(target, run, facts, time.monotonic() + seconds, target.doors[0])
    _all(
        [
            partial(client.machine, context),
            partial(reachability.origin, context),
            partial(reachability.reach, context),
            partial(reachability.store, context),
            partial(keyservice.direct, context),
        ]
    )
    if "open" not in facts.value("reach.line.P"):
        return facts
    _all([partial(latency.pace, context)])
    _all([partial(latency.uploads, context)])
    _all([partial(access.keys, context), partial(keyservice.asked, context)])
    if _closed(facts):
        _all([*(partial(probe, context) for probe in CLOSED), partial(artifacts.round_trip, context, "O")])
    else:
        for part in PARTS:
            part(context)
            parts.logs(context, began)
            if enough is not None and enough(facts):
                break
    _all([partial(bodies.sweep, context), partial(parts.logs, context, began)])
    return facts


def _flow(context: ProbeContext) -> None:
    """What a client needs: the routes, metadata, a small upload and what becomes of it."""
    _all([partial(routes.families, context), *_through(context, FLOW)])
    _all(_past(context, (*FLOW, ROUTES)))


def _manners(context: ProbeContext) -> None:
    """How the deployment speaks, and to whom."""
    _all(partial(probe, context) for probe in MANNERS)


def _extremes(context: ProbeContext) -> None:
    """Large, odd and many at once, where a small upload works."""
    more = EXTREMES if context.facts.value("put.P").startswith("200") else ()
    _all(_through(context, more))
    _all(_past(context, more))


PARTS: tuple[Callable[[ProbeContext], None], ...] = (_flow, _manners, _extremes)
"""The battery for a target that lets a writer in, what tells most first."""

Both = tuple[tuple[str, ...], Callable[[ProbeContext, str], None]]
"""What can be asked at both places, with how the names begin of the facts that make it worth asking MLflow too."""
FLOW: tuple[Both, ...] = (
    (("put", "stored", "list", "get", "presign", "follow", "delete", "pace", "route"), artifacts.round_trip),
    (("meta", "location", "doors", "reach"), registry.registry),
    (("multipart", "put", "stored"), artifacts.multipart),
    (("repeat",), registry.repeats),
)
EXTREMES: tuple[Both, ...] = (
    (("meta.logged",), registry.logged_model),
    (("size",), bodies.sizes),
    (("name", "climb"), bodies.names),
    (("chunked", "empty", "cut"), bodies.framing),
    (("together", "held"), concurrency.together),
)
"""What is worth asking where a small upload works."""
ROUTES: Both = ((), routes.origins)
CLOSED = (access.nobody, access.roles, answers.errors, bucket.settings)
"""What is worth asking where no valid key is let in at any door."""
MANNERS = (
    access.nobody,
    access.roles,
    artifacts.cross,
    answers.errors,
    parts.witnessed,
    answers.headers,
    reachability.secured,
    answers.browser,
    bucket.settings,
)


def _closed(facts: Facts) -> bool:
    """Return whether a writer's key is refused, or cannot be checked, at every door."""
    return re.match(r"all (?:401|403|429|503|timeout|reset|refused)", facts.value("doors.search.P")) is not None


def _through(context: ProbeContext, probes: Iterable[Both]) -> list[Callable[[], None]]:
    return [partial(probe, context, "P") for _, probe in probes]


def _past(context: ProbeContext, probes: Iterable[Both]) -> list[Callable[[], None]]:
    """Return the probes to be made at MLflow too: those that saw something odd at the proxy, or nothing."""
    if "O" in context.dead or context.target.origin is None:
        return []
    doubtful = {name for name, fact in context.facts.items() if name.endswith(".P") and not (fact.seen and fact.normal)}
    return [
        partial(probe, context, "O")
        for begins, probe in probes
        if not begins or any(name.startswith(begins) for name in doubtful)
    ]


def _all(probes: Iterable[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for done in [threads.submit(probe) for probe in probes]:
            with suppress(NotAllowed, PreconditionFailed, *_OUTLANDISH):  # what may not be sent is not seen
                done.result()
