"""Concurrency: whether one slow upload, or eight searches, block everybody else."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.clients.request_guard import authorize
from registry_conformance.judge.clients.signing import credential_headers
from registry_conformance.judge.diagnosis.asker import PLACES, Asker
from registry_conformance.judge.diagnosis.facts import Missed
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import FILES
from registry_conformance.judge.diagnosis.probes.reachability import ONE, SEARCH
from registry_conformance.judge.diagnosis.waits import PATIENCE
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.requests import Permit

HELD = 0.8
"""Seconds that an upload is held half-way, on a machine that has time; less if a search is answered meanwhile."""
_BUSY = 1.5
"""So many times as long as it should work takes on a machine that explains a time-out."""
_MANY = 8
_LATE = 1.5
"""Seconds from which one of eight searches at once is late."""


def together(context: ProbeContext, place: str) -> None:
    """Run eight searches at once, then one while an upload is half sent."""
    asker = context.at(place)
    if reason := asker.why_not():
        context.facts.unseen(f"together.{place}", reason)
        return
    _at_once(context, asker, place)
    if place == "P" and context.pacing.limited:
        context.facts.unseen("held.P", "the door limits how many requests there may be, so that each waits its turn")
        return
    answer, meanwhile = _meanwhile(context, asker, place)
    if not (answer.ok and meanwhile):
        answer, meanwhile = _meanwhile(context, asker, place)
    if reason := _untold(context, [answer]):
        context.facts.unseen(f"held.{place}", reason)
        return
    value = "free" if meanwhile else "waits"
    if not answer.ok:
        value = "failed"
    words = f"a search while an upload stands half-way {PLACES[place]} took {answer.seconds:.2f} s"
    context.facts.record(f"held.{place}", value, words, "free", (answer.evidence(),))


def _at_once(context: ProbeContext, asker: Asker, place: str) -> None:
    turns = 2 * _MANY * asker.send("GET", SEARCH, query=ONE).seconds  # twice what they take one after the other
    patient = context.at(place, patience=max(PATIENCE, turns))
    answers = at_once([lambda: patient.send("GET", SEARCH, once=True, query=ONE)] * _MANY)
    if reason := _untold(context, answers):
        context.facts.unseen(f"together.{place}", reason)
        return
    good = sum(answer.ok for answer in answers)
    slowest = max(answer.seconds for answer in answers)
    value = "all 200" if good == _MANY else f"{_MANY - good} of {_MANY} failed"
    value += "" if slowest < max(_LATE * context.waits.stretch, turns) else " slow"
    context.facts.record(f"together.{place}", value, f"eight searches at once {PLACES[place]}: {value}", "all 200")


def _untold(context: ProbeContext, answers: Sequence[Exchange]) -> str:
    """Return why answers tell nothing, empty if they do: one was not asked for, or a busy machine had no time."""
    for answer in answers:
        if answer.error.startswith("skipped"):
            return "requests like it timed out before"
        if answer.error.startswith("timeout") and context.waits.slack >= _BUSY:
            return Missed("searches were not answered in time, on a machine that is itself too busy to judge it")
    return ""


def _meanwhile(context: ProbeContext, asker: Asker, place: str) -> tuple[Exchange, bool]:
    """Search while an upload is half sent; return the response, and whether it came before the upload continued.

    The upload waits for the response, up to a limit.
    """
    door = asker.sender.door
    leave = Exchange("PUT", f"{door.url}{FILES}/{context.folder}/held-{place}.bin", door.name, None)
    permit = authorize(door, leave, None, 200)
    begun, answered, gone_on = threading.Event(), threading.Event(), threading.Event()
    longest = HELD * context.waits.slack
    moments = (begun, answered, gone_on)
    held = threading.Thread(target=_hold, args=(context, permit, asker.sender, place, longest, moments))
    held.start()
    begun.wait(longest)
    time.sleep(0.15)
    try:
        answer = asker.send("GET", SEARCH, query=ONE)
        meanwhile = not gone_on.is_set()
    finally:
        answered.set()
        held.join(longest * 4)
    return answer, meanwhile


def _hold(
    context: ProbeContext,
    permit: Permit,
    asking: HttpSender,
    place: str,
    longest: float,
    moments: tuple[threading.Event, threading.Event, threading.Event],
) -> None:
    """Send half of a body, wait for the search's response or the time limit, send the rest."""
    begun, answered, gone_on = moments
    door, key = asking.door, asking.key
    parts, url = urlsplit(door.url), door.url
    path = f"{FILES}/{context.folder}/held-{place}.bin"
    line = HttpSender(door, key, Evidence(), context.run, timeout=longest * 4).connection(permit)
    try:
        line.putrequest("PUT", parts.path.rstrip("/") + path)
        for name, value in credential_headers(key, "PUT", f"{url}{path}", streamed=True):
            line.putheader(name, value)
        for name, value in door.headers:
            line.putheader(name, value)
        line.putheader("Content-Length", "200")
        line.endheaders(b"x" * 100)
        begun.set()
        answered.wait(longest)
        gone_on.set()
        line.send(b"x" * 100)
        line.getresponse().read()
    except (OSError, http.client.HTTPException):
        return
    finally:
        begun.set()
        gone_on.set()
        line.close()
