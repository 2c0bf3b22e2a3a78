"""A connection on which nothing is sent for a while: clients keep theirs, and something on the way may forget them."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.clients.lives import Ask, Request
from registry_conformance.judge.diagnosis.asker import PLACES
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.reachability import SEARCH
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed

_FACT = "idle.P"
_ASKED = Request("GET", f"{SEARCH}?max_results=1")
_LASTS = 900.0
"""Seconds that such a connection may last, which is longer than any look."""


@dataclass
class Kept:
    """A connection to the door on which one request was answered; ``ask`` sends another on it, if it is there."""

    ask: Ask | None = None
    why: str = "nothing was asked on it"
    since: float = 0.0
    opened: ExitStack = field(default_factory=ExitStack)


@contextmanager
def kept_connection() -> Iterator[Kept]:
    """Yield what holds a connection that is kept while others are used; it is closed at the end of the block."""
    kept = Kept()
    with kept.opened:
        yield kept


def begin(context: ProbeContext, kept: Kept) -> None:
    """Open a connection, and send one request on it."""
    asker = context.at("P")
    if reason := asker.why_not():
        kept.why = reason
        return
    door = replace(asker.sender.door, patience=asker.sender.timeout)
    connection = Connection(door, Evidence(), lasts=_LASTS, keep_alive=True)
    try:
        ask = kept.opened.enter_context(connection.kept(asker.sender.key))
        ask(_ASKED)
    except NotAllowed as refusal:
        kept.why = refusal.actual
    except (OSError, http.client.HTTPException, ValueError):
        kept.why = "the connection ended with its first request"
    else:
        kept.ask, kept.since = ask, time.monotonic()


def end(context: ProbeContext, kept: Kept) -> None:
    """Ask once more on the connection; where that is not answered, ask the same on new ones.

    A server may close a connection at any time between two requests, and clients notice; what is swallowed without a
    word has them wait until their time is over.
    """
    if kept.ask is None:
        context.facts.unseen(_FACT, kept.why)
        return
    began = time.monotonic()
    idle = began - kept.since
    try:
        kept.ask(_ASKED)
        value = "answered"
    except TimeoutError:
        value = "swallowed"
    except (NotAllowed, OSError, http.client.HTTPException, ValueError):
        value = "closed"
    waited = time.monotonic() - began
    words = f"a request on a connection that was idle for {idle:.0f} s, {PLACES['P']}: {value}"
    if value == "swallowed":
        fresh = [context.at("P").send("GET", SEARCH, once=True, query={"max_results": 1}) for _ in range(2)]
        if not all(each.ok and each.seconds * 2 < waited for each in fresh) or not context.waits.is_silence(waited):
            context.facts.unseen(_FACT, "new connections were not answered in time either")
            return
        words += f", not answered in {waited:.0f} s; the same on a new connection: {fresh[-1]}"
    context.facts.record(_FACT, value, words, "answered|closed")
