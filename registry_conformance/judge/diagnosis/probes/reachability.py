"""Whether anybody is there: name, connection, TLS and HTTP of every door, step by step; MLflow, key service, bucket."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.clients.tls import BELOW, Handshakes
from registry_conformance.judge.diagnosis.asker import Asker
from registry_conformance.judge.diagnosis.facts import Missed
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.bucket import under
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.diagnosis.waits import PATIENCE
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Door

SEARCH = f"{REST}/experiments/search"
ONE = {"max_results": 1}
PATIENT = 6.0
"""Seconds that a request is waited for whose lateness tells something."""
LATE = 1.5
"""Seconds from which an answer is so late that nothing more is asked that way."""
_AGAIN = 2
"""So many times more is asked what was refused, or came late on a busy machine."""
SLOW = 0.25
"""Seconds from which a small request is slow: a healthy deployment answers in hundredths."""
_TWICE = 2.0
"""So many times what is slow is so on a busy machine too, if it was asked often."""
_ROUGHLY = 3.0
"""So many times as long as a spinning loop may work take that wants much memory too, where others work."""


_LINES = {
    "open": "open",
    "name": "no such name",
    "refused": "refused",
    "timeout": f"silence for {PATIENCE:.0f} s",
}
"""How far a connection comes, in words."""


def steps(door: Door, patience: float = PATIENCE) -> str:
    """Return how far a connection to a door comes: ``open``, or the step that failed (``name``, ``refused``, ...)."""
    parts = urlsplit(door.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError:
        return "name"
    try:
        permit = authorize_connection(door)
        with permit, socket.create_connection((parts.hostname or "", port), timeout=patience):
            return "open"
    except TimeoutError:
        return "timeout"
    except OSError:
        return "refused"


def reach(context: ProbeContext) -> None:
    """Reach every door and choose the main one; if none answers, all further probes are spared."""
    target, facts = context.target, context.facts
    lines = {door.name: steps(door, PATIENCE * context.waits.slack) for door in target.doors}
    words = vector({name: _LINES[line] for name, line in lines.items()})
    facts.record("reach.line.P", vector(lines), f"a connection to each door: {words}", "all open")
    if not any(line == "open" for line in lines.values()):
        context.dead.add("P")
    doors = [door for door in target.doors if lines[door.name] == "open"]
    if not doors:
        return
    answers = {door.name: context.at("P", None, door=door).send("GET", "/health") for door in doors}
    record_answers(context, "doors.health.P", "health, without a key, at each door", answers, "all 200 .*")
    slow = all(answer.seconds > 2 * SLOW * context.waits.stretch for answer in answers.values())
    if not answers_soon(context, doors[0]):
        return
    for aspect, role, words, path, normal in (
        ("search", "writer", "a search for experiments", f"{SEARCH}?max_results=1", "all 200 json"),
        ("version", "writer", "the version", "/version", "all 200 (text|html)"),
        ("reader", "reader", "a reader's search", f"{SEARCH}?max_results=1", "all 200 json"),
    ):
        askers = {door.name: asker for door in doors if not (asker := context.at("P", role, door=door)).reason}
        if slow and aspect != "search":
            facts.unseen(f"doors.{aspect}.P", "each answer takes so long that the time is kept for what matters more")
        elif askers:
            answers = {name: _served(asker, path) for name, asker in askers.items()}
            record_answers(context, f"doors.{aspect}.P", f"{words}, at each door", answers, normal)
        if aspect == "search" and not any(answer.ok for answer in answers.values()):
            return
        if aspect == "search" and (good := [name for name, answer in answers.items() if answer.ok]):
            context.main = next(door for door in doors if door.name == good[0])


def _served(asker: Asker, path: str) -> Exchange:
    """Return the first of up to three answers that is no refusal: who is refused now and then is let in."""
    first = asker.send("GET", path)
    again = (asker.send("GET", path) for _ in range(_AGAIN))
    return next((each for each in again if each.ok), first) if first.refused else first


def answers_soon(context: ProbeContext, door: Door) -> bool:
    """Ask with a key seen before and with one never seen, at once; return whether both are answered soon.

    What a busy machine may explain is asked again: the soonest counts, and twice what is late is late there too. So is
    it where one of the two gets no answer: of several servers one may be silent, whatever key comes.
    Where they are not, what came of them is told, and nothing that needs a key is asked any more, unless the search
    succeeds and this machine is so busy that it may be the cause: waits are longer there, so the questions go on.
    """
    patient = context.at("P", patience=PATIENT, door=door)
    anyone = context.at("P", None, patience=PATIENT, door=door)
    met = []
    for _ in range(_AGAIN + 1):
        met.append(
            at_once(
                [
                    lambda: patient.send("GET", SEARCH, query=ONE),
                    lambda: anyone.send("GET", SEARCH, query=ONE, headers=never_issued()),
                ]
            )
        )
        known, new = (min(answers, key=lambda each: each.seconds) for answers in zip(*met, strict=True))
        one_is_silent = (known.status is None) != (new.status is None)
        if not one_is_silent and not LATE <= max(known.seconds, new.seconds) < LATE * context.waits.slack:
            break
    late_from = LATE * (context.waits.slack if len(met) == 1 else min(_TWICE, context.waits.slack))
    never = any(each.error.startswith("timeout") for each in (known, new))
    if not never and max(known.seconds, new.seconds) < late_from:
        return True
    record_answers(context, "doors.search.P", "a search for experiments", {door.name: known}, "all 200 json")
    record_latency(context, "pace.search.P", "a search through the proxy", known)
    if not context.stranger(door).reason:
        record_latency(context, "pace.unknown-key.P", "a request with a key never seen before through the proxy", new)
        words = f"a key that nobody issued, through the proxy: {new}"
        context.facts.record("key.bad.P", summarize(new), words, "401 .*")
    late = known.seconds >= late_from and not (known.ok and context.waits.slack >= _TWICE)
    if late:
        context.dead.add("P")
    return not late


def never_issued() -> list[tuple[str, str]]:
    """Return the header of a key that nobody issued, and that nobody has seen before."""
    return [("Authorization", f"Bearer hk_{secrets.token_hex(12)}")]


def record_latency(
    context: ProbeContext, name: str, words: str, exchange: Exchange, slow: float = SLOW, *, sure: bool = False
) -> None:
    """Tell how long an exchange took, less the way there, as ``fast``, ``slow 3 s`` or ``timeout``.

    On a machine that is itself so busy that nothing can be concluded it is not seen; ``sure`` is whether it was asked
    so often that twice the time is slow there too.
    """
    own = exchange.seconds - context.waits.distance(name.rpartition(".")[2], exchange)
    stretch = context.waits.stretch
    allowed = stretch if stretch < _TWICE else _ROUGHLY * stretch
    if sure:
        allowed = min(_TWICE, stretch)
    doubtful_to = slow * allowed
    if exchange.status is None:
        value = summarize(exchange)
    elif own >= slow and own < doubtful_to:
        busy = f"this machine is too busy to time it: work takes {context.waits.stretch:.0f} times as long as it should"
        context.facts.unseen(name, Missed(busy))
        return
    else:
        value = "fast" if own < slow else f"slow {own:.0f} s"
    took = f"{words} took {exchange.seconds:.2f} s"
    context.facts.record(name, value, took, "fast|refused|reset|protocol", (exchange.evidence(),))


def record_answers(context: ProbeContext, name: str, words: str, answers: Mapping[str, Exchange], normal: str) -> None:
    """Tell one fact of one request at several doors."""
    values = {door: summarize(answer) for door, answer in answers.items()}
    evidence = tuple(answer.evidence() for answer in answers.values())
    context.facts.record(name, vector(values), f"{words}: {vector(values)}", normal, evidence)


def vector(values: Mapping[str, str]) -> str:
    """Return values by door in one: ``all 200 json``, or each after its door's name."""
    if len(set(values.values())) == 1:
        return f"all {next(iter(values.values()))}"
    return "; ".join(f"{name} {value}" for name, value in values.items())


def origin(context: ProbeContext) -> None:
    """Reach MLflow past the proxy; if it does not answer, it is dead for all further probes."""
    door, facts = context.target.origin, context.facts
    if door is None:
        facts.unseen("reach.line.O", "the target shows no MLflow past the proxy")
        return
    line = steps(door, PATIENCE * context.waits.slack)
    facts.record("reach.line.O", line, f"a connection straight to MLflow: {line}", "open")
    if line != "open":
        context.dead.add("O")
        facts.record("alive.O", "no", f"MLflow itself does not answer: {line}", "yes")
        return
    direct = context.at("O")
    health = direct.ask("health", "health", "GET", "/health", normal="200 .*")
    search = direct.ask("search", "a search for experiments", "GET", SEARCH, query=ONE, normal="200 json")
    version = direct.ask("version", "the version", "GET", "/version", normal="200 (text|html)")
    declared = context.target.versions.get("mlflow", "").rpartition(" ")[2]
    if version.ok and declared:
        value = "as deployed" if version.text.strip() == declared else "another"
        words = f"MLflow says that it is {version.text.strip()[:40]}, and {declared} was deployed"
        facts.record("deployed.O", value, words, "as deployed")
    alive = health.status is not None or search.status is not None
    if not alive:
        context.dead.add("O")
    facts.record("alive.O", "yes" if alive else "no", f"MLflow itself, asked past the proxy: {health}", "yes")


def store(context: ProbeContext) -> None:
    """Look into the bucket with the target's own credentials for it."""
    facts, bucket = context.facts, context.bucket
    if bucket is None:
        facts.unseen("bucket.S", context.no_bucket)
        return
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - half a second that a door must not wait

    try:
        number = len(bucket.keys(under(bucket.access, context.name)))
        facts.record(
            "bucket.S", "there", f"the bucket {bucket.access.bucket} answers a listing ({number} keys)", "there"
        )
    except ClientError as refusal:
        code = str(refusal.response.get("Error", {}).get("Code", "unknown"))
        facts.record("bucket.S", code, f"the bucket {bucket.access.bucket} answers a listing with {code}", "there")
        context.dead.add("S")
    except BotoCoreError as problem:
        facts.record("bucket.S", "unreachable", f"the store does not answer: {type(problem).__name__}", "there")
        context.dead.add("S")


def secured(context: ProbeContext) -> None:
    """Shake hands with the door that takes TLS, with today's versions and with one below its floor, then ask it."""
    door, facts = context.target.secure, context.facts
    if door is None:
        facts.unseen("tls.handshake.P", "the target declares no door that takes TLS")
        return
    hands = Handshakes(replace(door, patience=PATIENCE * context.waits.slack), Evidence())
    met = hands.meet()
    value = met.version or met.problem
    facts.record("tls.handshake.P", value, f"a TLS handshake: {value}", "TLSv1\\.[23]")
    if not met.version:
        return
    below = hands.meet(only=BELOW[context.target.tls_floor])
    value = "accepted" if below.version else "refused"
    facts.record("tls.below.P", value, f"{BELOW[context.target.tls_floor]}, below the floor: {value}", "refused")
    ask = context.at("P", door=door)
    ask.ask("tls.search", "a search under TLS", "GET", SEARCH, query=ONE, normal="200 json")
    anyone = context.stranger(door)
    anyone.ask("tls.anonymous", "a search under TLS without a key", "GET", SEARCH, query=ONE, normal="401 json.*")
