"""What failed is asked again before anything is concluded from it: what fails now and then, or late, is no fixed cause.

The MLflow client repeats by itself what fails for a moment, up to seven times; what it does not repeat ends it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

from registry_conformance.judge.clients.throttling import pause_after
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION, author_of
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.responder import who_answered
from registry_conformance.judge.waiting import awaited

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""The statuses that the MLflow client takes for a failure of a moment."""
MOST = 7
"""So many times the client repeats a request, and so many times it is repeated here."""
_ENDS = "; the MLflow client does not repeat these, so that a registration fails now and then"
_SECONDS, _PAUSE = 1.0, 0.07
_LONGER, _OFTEN = 5.0, 3 * MOST
"""Seconds for which, and times that, is repeated what is known to fail only for a moment: the client waits longer."""
_THROTTLED = str(HTTPStatus.TOO_MANY_REQUESTS.value)
_PAUSES, _WAIT = 2, 2.0
"""So many pauses a throttled request is repeated at least, and the longest of them in seconds, whatever is wanted."""
_HEAVY = 4 * 1024 * 1024
"""Bytes from which on an upload is repeated once: what may be sent to a target is bounded."""
_SLOW = 1.0
"""Seconds from which a failure takes too long to be repeated."""
_KINDS = 10
"""So many kinds of failures at one place that stay whatever is repeated; further ones are believed at once."""
_ANYWHERE = 2
"""From so many kinds of requests on that failed at one place for a moment, each failure there is repeated."""
FILES_ALONE = ", files alone"
"""What the value of such a fact ends with if no request for anything but files failed."""
BEFORE_MLFLOW = ", before MLflow"
"""What the value ends with if a product before MLflow sent each of these failures itself, by its own page."""
BY_ANOTHER, HOST_CHECK = ", by no MLflow", ", by MLflow's host check"
"""What the value ends with if most of these failures came from an application that is no MLflow, or from that check."""
_BY_FORM = {"not MLflow: an application": BY_ANOTHER, "MLflow's host check": HOST_CHECK}
"""How the name of who sent a failure begins -> what the value ends with then."""
_MOST_OF_ALL = 0.8
LARGE_PART = ", a large part"
"""What the value ends with if so many requests of all kinds failed that one of a few servers may be down."""
_LARGE = 0.2
BRIDGED, MET, LATE = "again.bridged", "again.met", "again.late"
"""The facts about failures that the client repeats, those that end it, and those that end after some seconds."""


def passing(exchange: Exchange) -> bool:
    """Return whether the MLflow client repeats a request after this; a silence costs too long to be repeated here."""
    if exchange.status is None:
        return exchange.error.startswith(("reset", "protocol", "refused"))
    return exchange.status in PASSING


class Repetition:
    """Repeats requests at the places of one target, and counts what came of it; threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        self._failed: Counter[tuple[str, bool, str]] = Counter()
        self._kinds: set[tuple[str, str, bool]] = set()
        """Place, kind of request, and whether the client repeats it, of what failed for a moment."""
        self._within: set[tuple[str, bool]] = set()
        """Place, and whether the client repeats it, of what failed for a moment and not by a product before MLflow."""
        self._senders: dict[tuple[str, bool], Counter[str]] = {}
        """Place, and whether the client repeats it -> who sent what failed for a moment, by its form."""
        self._fixed: set[tuple[str, str, str, str]] = set()
        """Place, kind of request, status, and who sent it, of what stayed whatever was repeated."""
        self._later: list[Callable[[], str]] = []

    def asked(self, place: str) -> None:
        """Count a request."""
        with self._lock:
            self._asked[place] += 1

    def repeated(
        self, place: str, kind: str, first: Exchange, good: Callable[[Exchange], bool], send: Callable[[], Exchange]
    ) -> Exchange:
        """Return the first repetition that is good, or what came first if none is.

        A failure of the same ``kind`` of request that stayed whatever was repeated is believed, with the same status
        and by the same sender: a 404 of MLflow's says nothing of one by a proxy. So is an answer that is no failure,
        and is wrong: it is not said again until it suits.
        """
        if first.ok:
            return first
        outcome = str(first.status or first.error.partition(":")[0])
        failure = (place, kind, outcome, who_answered(first.status, first.response_headers, first.text))
        bridged = passing(first)
        known = self._known(place, kind, bridged=bridged)
        if not known and (first.seconds > _SLOW or self._believed(failure)):
            return first
        sent: list[Exchange] = []
        seconds, most = (_LONGER, _OFTEN) if known else (_SECONDS, MOST)
        most = 1 if first.request_body.size > _HEAVY else most

        def once_more() -> Exchange:
            sent.append(send())
            return sent[-1]

        pause = min(pause_after(first), _WAIT) if outcome == _THROTTLED else _PAUSE
        longest = max(seconds, _PAUSES * pause)
        last = awaited(once_more, longest, enough=lambda met: good(met) or len(sent) >= most, pause=pause)
        with self._lock:
            if not good(last):
                self._fixed.add(failure)
                return first
            self._failed[place, bridged, outcome] += len(sent)
            self._kinds.add((place, kind, bridged))
            self._senders.setdefault((place, bridged), Counter())[failure[-1]] += 1
            own = author_of(first)
            if not own or own.id == APPLICATION:
                self._within.add((place, bridged))
        return last

    def _known(self, place: str, kind: str, *, bridged: bool) -> bool:
        """Return whether such a request, or several kinds of requests, are known to fail there only for a moment."""
        with self._lock:
            several = sum(each[0] == place and each[2] == bridged for each in self._kinds) >= _ANYWHERE
            return several or (place, kind, bridged) in self._kinds

    def _believed(self, failure: tuple[str, str, str, str]) -> bool:
        """Return whether such a failure stayed before; a place that throttles one kind for good throttles all."""
        place, _, outcome, _ = failure
        with self._lock:
            stayed = [each for each in self._fixed if each[0] == place]
            for_good = outcome == _THROTTLED and any(each[2] == outcome for each in stayed)
            return failure in self._fixed or len(stayed) >= _KINDS or for_good

    @property
    def needed(self) -> bool:
        """Whether something failed for a moment and went through when it was repeated."""
        with self._lock:
            return bool(self._failed)

    def later(self, look: Callable[[], str]) -> None:
        """Keep a question that failed, to be asked once more at the end; its answer is a sentence if it works then."""
        with self._lock:
            if len(self._later) < MOST:
                self._later.append(look)

    def ask_later(self, facts: Facts) -> None:
        """Ask once more what failed, and tell of the first that works by now."""
        late = [words for look in self._later if (words := look())]
        if late:
            facts.record(f"{LATE}.P", f"{len(late)} of {len(self._later)}", late[0], "none")

    def tell(self, facts: Facts) -> None:
        """Tell what failed now and then at each place, if anything did."""
        for (place, bridged), outcomes in self._by_place().items():
            failed, asked = sum(outcomes.values()), self._asked[place]
            statuses = " ".join(sorted(outcomes))
            words = f"intermittent: {failed} of {asked} requests failed ({statuses}), and went through when asked again"
            words += f", as the MLflow client does by itself, up to {MOST} times" if bridged else _ENDS
            name = BRIDGED if bridged else MET
            much = LARGE_PART if failed >= asked * _LARGE else ""
            whose = "" if bridged else self._by_whom(place)
            value = f"{failed} of {asked}: {statuses}{whose or self._of_files(place, bridged=bridged) or much}"
            facts.record(f"{name}.{place}", value, words, ".*" if bridged else "none")

    def _by_whom(self, place: str) -> str:
        """Return who sent most of what ends a client, in words of a fact's value; empty if MLflow did, or several."""
        who, count = self._senders[place, False].most_common(1)[0]
        if count >= self._senders[place, False].total() * _MOST_OF_ALL:
            told = next((value for start, value in _BY_FORM.items() if who.startswith(start)), "")
            if told:
                return told
        return "" if (place, False) in self._within else BEFORE_MLFLOW

    def _of_files(self, place: str, *, bridged: bool) -> str:
        """Return that nothing but requests for files failed so, in words of a fact's value; else nothing."""
        kinds = {kind for at, kind, passed in self._kinds if (at, passed) == (place, bridged)}
        return FILES_ALONE if kinds and all(kind.endswith("artifacts") for kind in kinds) else ""

    def _by_place(self) -> dict[tuple[str, bool], Counter[str]]:
        found: dict[tuple[str, bool], Counter[str]] = {}
        for (place, bridged, outcome), count in self._failed.items():
            found.setdefault((place, bridged), Counter())[outcome] += count
        return found
