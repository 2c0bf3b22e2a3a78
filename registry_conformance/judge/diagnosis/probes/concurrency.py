"""Several at once: whether one slow upload, or eight searches, hold everybody else up."""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from registry_conformance.judge.clients.bounded import Bounds, connected
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.clients.request_guard import authorize
from registry_conformance.judge.clients.signing import credential_headers
from registry_conformance.judge.diagnosis.probe_context import PATIENCE, PLACES, Asker, ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import FILES
from registry_conformance.judge.diagnosis.probes.reachability import ONE, SEARCH
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Door

HELD = 0.8
"""Seconds that an upload is held half-way."""
_BOUNDS = Bounds(PATIENCE, PATIENCE + 3)


def together(context: ProbeContext, place: str) -> None:
    """Search eight times at once, then once while an upload of ours stands half-way."""
    asker = context.at(place)
    if reason := asker.why_not():
        context.facts.unseen(f"together.{place}", reason)
        return
    answers = at_once([lambda: asker.send("GET", SEARCH, query=ONE)] * 8)
    if any(answer.error.startswith("skipped") for answer in answers):
        context.facts.unseen(f"together.{place}", asker.why_not("GET metadata") or "the time was over")
        return
    good = sum(answer.ok for answer in answers)
    slowest = max(answer.seconds for answer in answers)
    value = "all 200" if good == 8 else f"{8 - good} of 8 failed"
    value += "" if slowest < 1.5 else " slow"
    context.facts.record(f"together.{place}", value, f"eight searches at once {PLACES[place]}: {value}", "all 200")
    answer = _meanwhile(context, asker, place)
    if _held(answer) != "free":
        answer = _meanwhile(context, asker, place)
    if answer.error.startswith("skipped"):
        return
    words = f"a search while an upload stands half-way {PLACES[place]} took {answer.seconds:.2f} s"
    context.facts.record(f"held.{place}", _held(answer), words, "free", (answer.evidence(),))


def _meanwhile(context: ProbeContext, asker: Asker, place: str) -> Exchange:
    """Search while an upload stands half-way."""
    door = asker.sender.door
    leave = Exchange("PUT", f"{door.url}{FILES}/{context.name}/held-{place}.bin", door.name, None)
    authorize(door, leave, None, 200)
    held = threading.Thread(target=_hold, args=(context, door, asker.sender.key, place))
    held.start()
    time.sleep(0.15)
    answer = asker.send("GET", SEARCH, query=ONE)
    held.join(HELD * 4)
    return answer


def _held(answer: Exchange) -> str:
    if not answer.ok:
        return "failed"
    return "free" if answer.seconds < HELD * 0.7 else "waits"


def _hold(context: ProbeContext, door: Door, key: Credential | None, place: str) -> None:
    """Send half of a body, wait, send the rest."""
    parts, url = urlsplit(door.url), door.url
    path = f"{FILES}/{context.name}/held-{place}.bin"
    connection = HttpSender(door, key, Evidence(), context.run, timeout=PATIENCE).connection()
    with suppress(OSError, http.client.HTTPException, ValueError), connected(connection, _BOUNDS):
        connection.putrequest("PUT", parts.path.rstrip("/") + path)
        for name, value in credential_headers(key, "PUT", f"{url}{path}", streamed=True):
            connection.putheader(name, value)
        connection.putheader("Content-Length", "200")
        connection.endheaders(b"x" * 100)
        time.sleep(HELD)
        connection.send(b"x" * 100)
        connection.getresponse()
