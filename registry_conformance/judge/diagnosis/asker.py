"""Who asks at one place for the probes: what is answered becomes a fact, and what is not asked is not seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from registry_conformance.judge.clients.bounded import NOT_FINISHED
from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.diagnosis.answer_judges import Judge, how_it_came
from registry_conformance.judge.diagnosis.facts import Missed
from registry_conformance.judge.diagnosis.repetition import passing
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.diagnosis.waits import ENOUGH, PATIENCE
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.policy import ROLES

if TYPE_CHECKING:
    from registry_conformance.judge.diagnosis.probe_context import ProbeContext

MAY_BE_LATE = frozenset({401, 403, 404})
"""What is said of something that is not there yet, or not for this client yet."""
PLACES = {"P": "through the proxy", "O": "straight to MLflow", "K": "at the key service"}
_PACED = frozenset({"nobody", *ROLES})
"""Whose requests are sent at the pace that the door allows."""
_TO_READ = 3.0
"""Seconds more that a whole exchange may take than the longest wait for an answer, and one as long within it."""
UNFINISHED = f"timeout: {NOT_FINISHED}"
"""How the error of an exchange begins whose bytes still came when its time was over."""
_NOTHING_MADE = "read-only: this run made nothing that could be asked for"


class NotAsked(Exception):  # noqa: N818 - no error: a probe ends here, and says what it leaves unasked
    """A probe may ask nothing more; the message says why."""


def patient(sender: HttpSender, seconds: float) -> HttpSender:
    """Return the sender, which waits so long for an answer."""
    return replace(
        sender, door=replace(sender.door, patience=seconds), timeout=seconds, deadline=2 * seconds + _TO_READ
    )


@dataclass
class Asker:
    """Asks at one place and tells what came of it; stops if time-outs pile up.

    Raises ``NotAsked`` once the budget is used up, unless it is ``unbounded``, as who cleans up is. ``role`` is whose
    key is sent, or the state of that key.
    """

    context: ProbeContext
    place: str
    sender: HttpSender
    reason: str = ""
    patience: float = PATIENCE
    role: str = "writer"
    unbounded: bool = False

    def ask(
        self,
        fact: str,
        what: str,
        method: str,
        path: str,
        *,
        normal: str,
        judge: Judge = summarize,
        **request: Any,
    ) -> Exchange:
        """Send a request and tell ``fact`` (its place is added): ``what`` it is in words, what came of it.

        ``normal`` is a regex of what a healthy deployment answers. What is not asked is told as not seen, and its
        exchange has no status.
        """
        name = f"{fact}.{self.place}"
        if self.only_reads and self.context.name in f"{path} {request.get('query', '')}":
            self.context.facts.unseen(name, _NOTHING_MADE)
            return Exchange(method, path, self.sender.door.name, None, error=f"skipped: {_NOTHING_MADE}")
        if reason := self.why_not(_kind(method, path)):
            self.context.facts.unseen(name, reason)
            _end_if_missed(reason)
            return Exchange(method, path, self.sender.door.name, None, error="skipped: not asked")
        exchange = self._asked_again(name, judge, normal, method, path, request)
        if exchange.error.startswith("skipped: "):
            self.context.facts.unseen(name, exchange.error.removeprefix("skipped: "))
            return exchange
        if exchange.error.startswith("timeout") and not self.context.waits.is_silence(exchange.seconds):
            words = (
                f"{what} was not answered in {exchange.seconds:.0f} s, on a machine that is itself too busy to judge it"
            )
            self.context.facts.unseen(name, Missed(words))
            return exchange
        if exchange.error.startswith(UNFINISHED):
            words = (
                f"{what} {PLACES[self.place]} went on for {exchange.seconds:.0f} s, and was not waited for any longer"
            )
            self.context.facts.unseen(name, Missed(words))
            return exchange
        value = judge(exchange)
        came = "" if self.context.facts.healthy(name, value, normal) else how_it_came(value)
        sentence = f"{what} {PLACES[self.place]}: {exchange}{came}"
        self.context.facts.record(name, value, sentence, normal, (exchange.evidence(),))
        if method == "GET" and exchange.status in MAY_BE_LATE and not self.context.facts[name].normal:
            self.context.repetition.later(lambda: self._late(what, exchange, judge, normal, request))
        return exchange

    def _asked_again(
        self, name: str, judge: Judge, normal: str, method: str, path: str, request: dict[str, Any]
    ) -> Exchange:
        """Return what came of a request; of one that failed, what came of it at last."""
        exchange = self.send(method, path, once=True, **request)

        def good(met: Exchange) -> bool:
            return self.context.facts.healthy(name, judge(met), normal)

        if exchange.error.startswith(("skipped", "timeout")) or good(exchange):
            return exchange
        return self._repeated(method, path, exchange, good, request)

    def _repeated(
        self, method: str, path: str, first: Exchange, good: Callable[[Exchange], bool], request: dict[str, Any]
    ) -> Exchange:
        with self.context.budget.besides():
            return self.context.repetition.repeated(
                self.place, _kind(method, path), first, good, lambda: self._sent(method, path, **request)
            )

    def _late(self, what: str, first: Exchange, judge: Judge, normal: str, request: dict[str, Any]) -> str:
        """Return the sentence that a request which failed works by now, empty if it does not."""
        door = urlsplit(self.sender.door.url).path.rstrip("/")
        now = self.send("GET", urlsplit(first.url).path.removeprefix(door), once=True, **request)
        if now.status is None or not re.fullmatch(normal, judge(now)):
            return ""
        seconds = now.started - first.started
        return f"late: {what} was refused with {first.status}, and works {seconds:.0f} s later: {now}"

    @property
    def only_reads(self) -> bool:
        """Whether nothing may be sent that changes the target, so that nothing of this run is there to be asked for."""
        guard = self.sender.door.guard
        return guard is not None and guard.read_only

    def send(self, method: str, path: str, *, once: bool = False, **request: Any) -> Exchange:
        """Send a request that tells no fact of its own; unless ``once``, again if it fails for a moment."""
        exchange = self._sent(method, path, **request)
        if once or exchange.error.startswith("skipped") or not passing(exchange):
            return exchange
        return self._repeated(method, path, exchange, _went_through, request)

    def send_until(self, good: Callable[[Exchange], bool], method: str, path: str, **request: Any) -> Exchange:
        """Send a request that tells no fact of its own; again for a moment if it is answered, and not well."""
        exchange = self._sent(method, path, **request)
        if exchange.error.startswith(("skipped", "timeout")) or good(exchange):
            return exchange
        return self._repeated(method, path, exchange, good, request)

    def _sent(self, method: str, path: str, **request: Any) -> Exchange:
        kind = _kind(method, path)
        if reason := self.why_not(kind):
            _end_if_missed(reason)
            return Exchange(method, path, self.sender.door.name, None, error="skipped: not asked")
        try:
            exchange = self._at_pace(lambda: self._patient().send(method, path, **request))
        except NotAllowed as refusal:
            return Exchange(method, path, self.sender.door.name, None, error=f"skipped: {refusal.actual}")
        except PreconditionFailed as refusal:
            raise NotAsked(refusal.actual) from refusal
        self.context.repetition.asked(self.place)
        if self.place == "P" and self.role == "writer" and "carrier" not in request:  # another is no client's way
            self.context.key_use.took(exchange)
        if exchange.status is not None:
            self.context.budget.answered(exchange.seconds)
            self.context.waits.took(self.place, exchange.seconds)
        if exchange.status is None and exchange.error.startswith("timeout"):
            self.context.waits.timed_out(self.place, kind)
        return exchange

    def _at_pace(self, send: Callable[[], Exchange]) -> Exchange:
        """Return the answer to a request that is sent as often as the door allows; a throttled key stays throttled."""
        if self.place != "P" or self.role not in _PACED:
            return send()
        pacing = self.context.pacing
        exchange = pacing.ask(self.role, send)
        if exchange.ok and self.role == "writer":
            pacing.served()
        return exchange

    def _patient(self) -> HttpSender:
        """Return the sender, which waits longer where answers have become slow since it was made."""
        seconds = self.context.waits.seconds(self.place, self.patience)
        return self.sender if seconds <= self.sender.timeout else patient(self.sender, seconds)

    def why_not(self, kind: str = "") -> str:
        """Return why nothing is asked any more, or nothing of a kind; empty where all is well."""
        if self.reason:
            return self.reason
        if self.context.waits.given_up(self.place, kind):
            return f"{ENOUGH} requests like it timed out before"
        if self.unbounded or not self.context.budget.over:
            return ""
        return Missed(f"the time for all probes, {self.context.budget.allowed:.0f} s, was over")


def _went_through(met: Exchange) -> bool:
    return not passing(met) and not met.error.startswith("skipped")


def _end_if_missed(reason: str) -> None:
    """End a probe that has no time for what it should ask."""
    if isinstance(reason, Missed):
        raise NotAsked(reason)


def _kind(method: str, path: str) -> str:
    """Return what a request has in common with others that time out when it does."""
    return f"{method} {'artifacts' if 'artifact' in path else 'metadata'}"
