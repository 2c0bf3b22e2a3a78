"""The results of a load that requirements are judged by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from registry_conformance.judge.clients.key_service_requests import KeyServiceRequests
from registry_conformance.judge.load import figures
from registry_conformance.judge.load.history import OK, QUIET, STRANGER, Operation
from registry_conformance.judge.load.linearizability import Linearizability, linearizability
from registry_conformance.judge.load.load_run import FinishedLoad
from registry_conformance.judge.load.proof import Finding, Proof, prove
from registry_conformance.judge.load.stale import stale_reads
from registry_conformance.judge.target.target import Target

_SHOWN = 5
FLAT = 0.10
"""By so much a part's memory may grow in a soak, after warming up."""
_FEWEST = 30
"""So many requests of the quiet client must have been answered for its share to be known."""


@dataclass(frozen=True)
class LoadOutcome:
    """A finished load with its verification."""

    target: Target
    happened: FinishedLoad
    proof: Proof
    order: Linearizability
    stale: tuple[Finding, ...]

    @cached_property
    def users(self) -> list[Operation]:
        """The operations of the users."""
        return figures.of_users(self.happened)

    @cached_property
    def steps(self) -> list[figures.StepFigures]:
        """The figures of each step."""
        return figures.steps(self.happened)

    @property
    def seconds(self) -> float:
        """How long the load lasted."""
        return (self.happened.over - self.happened.began) / 1e9

    @property
    def acknowledged(self) -> int:
        """The number of acknowledged writes that were looked up."""
        return self.proof.looked_at.total()

    def improper_refusals(self) -> list[str]:
        """Return each kind of unsuccessful response that is no proper rejection, with its number.

        Proper are 429 or 503 with Retry-After, and whatever fails while a killed part is not back.
        """
        wrong = (
            f"{one.status or 'no answer'} ({one.who or one.error[:80]})"
            + " without Retry-After" * (one.status in (429, 503))
            for one in self.improper
        )
        return [f"{count} x {what}" for what, count in Counter(wrong).most_common(_SHOWN)]

    @property
    def improper(self) -> list[Operation]:
        """The users' requests that neither succeeded nor were properly rejected."""
        outage = self._outage()
        failed = (one for one in self.users if one.outcome != OK and not one.error.startswith("never answered"))
        return [one for one in failed if not self._proper(one, outage)]

    @property
    def overtaken(self) -> float | None:
        """The share of requests that later ones overtook, ``None`` if too few were concurrent."""
        return figures.overtaken([*self.users, *self.happened.history.of(QUIET)])

    def refused_keys(self) -> list[str]:
        """Return requests with a valid key that were rejected for their key."""
        asked = (*self.users, *self.happened.history.of(QUIET))
        return [one.error for one in asked if one.status in (401, 403)][:_SHOWN]

    def let_in(self) -> list[str]:
        """Return requests with an invalid key that were not rejected."""
        found = self.happened.history.of(STRANGER)
        return [f"{one.status} for a key that nobody was given: {one.key}" for one in found if one.acknowledged][
            :_SHOWN
        ]

    @property
    def all_let_in(self) -> list[Operation]:
        """The requests with an invalid key that were served."""
        return [one for one in self.happened.history.of(STRANGER) if one.acknowledged]

    def half_bodies(self) -> list[str]:
        """Return 200 responses with truncated bodies; what a part was sending when it was killed is none."""
        outage = self._outage()
        halves = (one for one in self.users if one.status == 200 and one.outcome != OK and not self._in(one, outage))
        return [one.error for one in halves][:_SHOWN]

    def growing(self) -> list[str]:
        """Return each part whose memory grew too much."""
        grown = {part: figures.growth(self.happened.usage.parts[part]) for part in figures.parts_of(self.happened)}
        return [f"{part}: {share:+.0%}" for part, share in grown.items() if share > FLAT and part in _FLAT_PARTS]

    def asked_too_often(self, cache: float) -> list[str]:
        """Return how often the key service was called for a key, if more often than the cache allows.

        Each auth process may call once per ``cache`` seconds, and once more at first.
        """
        assert self.target.key_record is not None, "the caller looked"
        lasted = self.seconds + 10
        allowed = math.ceil(lasted / cache) + 1
        questions = KeyServiceRequests(self.target.key_record)
        counts = {role: len(questions.about(key)) for role, key in self.target.keys.items() if isinstance(key, str)}
        return [
            f"{count} questions about the {role} key in {lasted:.0f} s, {allowed} allowed"
            for role, count in counts.items()
            if count > allowed
        ]

    def quiet(self) -> tuple[float, float] | None:
        """Return the median seconds of the quiet client and of the users for the same request; ``None`` of too few.

        Of what each median may be, given so many requests, the least of the quiet client and the most of the users:
        on a machine that does other work too, medians of a few dozen requests differ by chance.
        """
        mine = [one.seconds for one in self.happened.history.of(QUIET) if one.acknowledged and self._inside(one)]
        theirs = [one.seconds for one in self.happened.history.of("get-alias") if one.acknowledged]
        if min(len(mine), len(theirs)) < _FEWEST:
            return None
        return figures.median_within(mine)[0], figures.median_within(theirs)[1]

    def unanswered_quiet(self) -> int:
        """Return how many requests of the quiet client failed outside an outage."""
        asked = (
            one for one in self.happened.history.of(QUIET) if self._inside(one) and not self._in(one, self._outage())
        )
        return sum(not one.acknowledged for one in asked if not one.error.startswith("never answered"))

    @property
    def generator(self) -> figures.GeneratorFigures:
        """The load of the generator's own processes."""
        return figures.generator(self.happened)

    @property
    def rate(self) -> float:
        """Served requests per second, at the best step."""
        return max((step.rate for step in self.steps), default=0.0)

    @property
    def error_share(self) -> float:
        """The share of users' requests that failed."""
        asked = [one for one in self.users if not one.error.startswith("never answered")]
        return sum(one.outcome != OK for one in asked) / len(asked) if asked else 0.0

    @property
    def recovery(self) -> float | None:
        """Seconds from the death of a part to the last request that failed for it; ``None`` without a killed part."""
        if not self.happened.killed_at:
            return None
        after = [one for one in self.users if one.outcome != OK and (one.ended or one.began) >= self.happened.killed_at]
        last = max((one.ended or one.began for one in after), default=self.happened.killed_at)
        return (last - self.happened.killed_at) / 1e9

    def slow_kinds(self, most: float) -> list[str]:
        """Return each kind of request whose 95th percentile is above ``most`` seconds."""
        found = figures.by_kind(self.happened)
        return [f"{kind}: p95 {one.p95:.3f} s" for kind, one in found.items() if one.p95 > most]

    def _proper(self, one: Operation, outage: tuple[int, int]) -> bool:
        return (one.status in (429, 503) and one.retry) or self._in(one, outage)

    def _outage(self) -> tuple[int, int]:
        """Return the time span in which a killed part was unavailable, (0, 0) if none was killed."""
        killed = self.happened.killed_at
        return (killed - 1_000_000_000, killed + int((self.recovery or 0) * 1e9)) if killed else (0, 0)

    def _inside(self, one: Operation) -> bool:
        return self.happened.began <= one.began <= self.happened.over

    @staticmethod
    def _in(one: Operation, span: tuple[int, int]) -> bool:
        return span[0] <= (one.ended or one.began) <= span[1]


_FLAT_PARTS = frozenset({"proxy", "auth", "mlflow"})
Say = Callable[[str], None]


def concluded(target: Target, happened: FinishedLoad, run: str, say: Say) -> LoadOutcome:
    """Return a load with its verification; progress is reported meanwhile."""
    say(f"looking up what was acknowledged ({len(happened.history.operations)} requests were sent) ...")
    proof = prove(target, happened.history, run)
    order = linearizability(happened.history, proof.aliases)
    return LoadOutcome(target, happened, proof, order, tuple(stale_reads(happened.history)))
