"""Runs all probes on a target, the most informative first, within a time budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from registry_conformance.judge.diagnosis.asker import NotAsked
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.facts import Facts, Missed
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes import (
    access,
    answers,
    artifacts,
    bodies,
    bucket,
    client,
    concurrency,
    idle,
    keyservice,
    latency,
    logged_models,
    parts,
    reachability,
    registration,
    registry,
    repeats,
    routes,
    silence,
)
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.target import Target

AT_ONCE = 6
_OUTLANDISH = (TypeError, KeyError, AttributeError, IndexError, ValueError, OverflowError)
"""What a probe raises over an answer of a form that nobody thought of: what it would have told stays unseen."""


def look(
    target: Target,
    run: str,
    budget: Budget | None = None,
    enough: Callable[[Facts], bool] | None = None,
    facts: Facts | None = None,
) -> Facts:
    """Return the facts about a target, added to those known before.

    Nothing is started after the budget is used up, or behind a dead part. On a writable target, the rest is skipped
    once ``enough`` is known.
    """
    began = parts.sizes(target)
    facts = Facts() if facts is None else facts
    if not target.doors:
        facts.unseen("reach.line.P", "the target has no door")
        return facts
    context = ProbeContext(target, run, facts, budget or Budget(), target.doors[0])
    _all(
        context,
        [
            partial(client.machine, context),
            partial(reachability.origin, context),
            partial(reachability.reach, context),
            partial(reachability.store, context),
            partial(keyservice.direct, context),
        ],
    )
    if "open" not in facts.value("reach.line.P"):
        return facts
    with idle.kept_connection() as kept:
        _all(context, [partial(idle.begin, context, kept)])
        _probed(context, began, enough)
        _all(context, [partial(idle.end, context, kept)])
    _all(context, [partial(access.lapsed, context)])
    context.repetition.tell(facts)
    context.pacing.tell(facts, "P")
    _all(context, [partial(bodies.sweep, context), partial(parts.logs, context, began)])
    return facts


def _probed(context: ProbeContext, began: dict[str, int], enough: Callable[[Facts], bool] | None) -> None:
    """Run the probes on a door that is open."""
    facts = context.facts
    _all(context, [partial(latency.pace, context)])
    _all(context, [partial(latency.uploads, context)])
    _all(context, [partial(access.keys, context), partial(keyservice.asked, context)])
    if _closed(facts):
        closed = [partial(probe, context) for probe in CLOSED]
        _all(context, [*closed, partial(artifacts.round_trip, context, "O")])
    else:
        for part in PARTS:
            part(context)
            parts.logs(context, began)
            if enough is not None and enough(facts):
                break
        _all(context, [partial(artifacts.later, context)])
    _all(context, [partial(silence.by_turns, context)])
    _all(context, [partial(context.repetition.ask_later, facts)])


def _flow(context: ProbeContext) -> None:
    """What every client needs: routes, metadata, a small upload, reading it back."""
    _all(context, [partial(routes.families, context), *_through(context, FLOW)])
    _all(context, _past(context, (*FLOW, ROUTES)))


def _weight(context: ProbeContext) -> None:
    """What a model needs beyond a small file: large bodies, bodies of unknown size, logged models."""
    _both(context, WEIGHT)


def _manners(context: ProbeContext) -> None:
    """How the deployment responds, and to whom."""
    _all(context, [partial(probe, context) for probe in MANNERS])


def _extremes(context: ProbeContext) -> None:
    """Unusual names, and concurrency."""
    _both(context, EXTREMES)


def _both(context: ProbeContext, probes: Iterable[Both]) -> None:
    """Run probes through the proxy, then repeat the anomalous ones at MLflow; skipped if a small upload fails."""
    more = tuple(probes) if context.facts.value("put.P").startswith("200") else ()
    _all(context, _through(context, more))
    _all(context, _past(context, more))


Both = tuple[tuple[str, ...], Callable[[ProbeContext, str], None]]
"""What can be asked at both places, with how the names begin of the facts that make it worth asking MLflow too."""
FLOW: tuple[Both, ...] = (
    (("put", "stored", "list", "get", "presign", "follow", "delete", "pace", "route"), artifacts.round_trip),
    (("meta", "location", "doors", "reach"), registry.registry),
    (("multipart", "put", "stored"), artifacts.multipart),
    (("repeat",), repeats.repeats),
    (("register",), registration.registration),
)
WEIGHT: tuple[Both, ...] = (
    (("meta.logged", "model."), logged_models.logged_model),
    (("size",), bodies.sizes),
    (("chunked", "empty", "cut"), bodies.framing),
)
EXTREMES: tuple[Both, ...] = (
    (("name", "climb"), bodies.names),
    (("together", "held"), concurrency.together),
)
"""What is worth asking if a small upload works."""
PARTS: tuple[Callable[[ProbeContext], None], ...] = (_flow, _weight, _manners, _extremes)
"""The probes of a target that lets a writer in, what tells most first."""
ROUTES: Both = ((), routes.origins)
CLOSED = (access.nobody, access.roles, answers.errors, bucket.settings)
"""What is worth asking if no valid key is let in at any door."""
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
    """Return whether a writer's key is rejected, or cannot be checked, at every door."""
    return re.match(r"all (?:401|403|429|503|timeout|reset|refused)", facts.value("doors.search.P")) is not None


def _through(context: ProbeContext, probes: Iterable[Both]) -> list[partial[None]]:
    return [partial(probe, context, "P") for _, probe in probes]


def _past(context: ProbeContext, probes: Iterable[Both]) -> list[partial[None]]:
    """Return the probes to repeat at MLflow: those with anomalies at the proxy, or without facts."""
    if "O" in context.dead or context.target.origin is None:
        return []
    doubtful = {name for name, fact in context.facts.items() if name.endswith(".P") and not (fact.seen and fact.normal)}
    return [partial(probe, context, "O") for begins, probe in probes if not begins or _is_among(begins, doubtful)]


def _is_among(begins: tuple[str, ...], names: Iterable[str]) -> bool:
    """Return whether one of several names begins so."""
    return any(name.startswith(begins) for name in names)


def _all(context: ProbeContext, probes: Iterable[partial[None]]) -> None:
    """Run probes concurrently; record what one skipped for lack of time or permission."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for probe, done in [(probe, threads.submit(probe)) for probe in probes]:
            try:
                done.result()
            except NotAllowed:
                continue  # what may not be sent is not seen
            except (NotAsked, PreconditionFailed) as end:
                _leave_rest(context, probe, end.actual if isinstance(end, PreconditionFailed) else str(end))
            except _OUTLANDISH:
                _leave_rest(context, probe, "an answer has a form that this test does not know")


def _leave_rest(context: ProbeContext, probe: partial[None], reason: str) -> None:
    """Record that the rest of a probe was skipped."""
    place = probe.args[1] if len(probe.args) > 1 and isinstance(probe.args[1], str) else "P"
    context.facts.unseen(f"rest.{probe.func.__name__.replace('_', '-')}.{place}", Missed(reason))
