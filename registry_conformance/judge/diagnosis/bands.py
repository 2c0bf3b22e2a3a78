"""How sure a cause is, in one of three words whose hit rates the proof measures."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from registry_conformance.judge.diagnosis.cause import Cause
from registry_conformance.judge.diagnosis.fact_names import Grade
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.patterns import Pattern, breaks_as_seen, likeness
from registry_conformance.judge.diagnosis.ranking import Fit, fits, proved_share, ruled_out
from registry_conformance.judge.diagnosis.steps import STEPS


class Band(enum.StrEnum):
    """How sure a cause is: how often such a one is right is counted by the proof, and printed in its page."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


NOW_AND_THEN = "now-and-then"
"""The symptom of what fails at times."""
_VARYING = frozenset({NOW_AND_THEN, "slow", "under-load"})
"""The symptoms of what looks different from one look to the next."""
_CERTAIN, _LIKELY, _UNLIKE = 0.9, 0.75, 0.3
_PROVED = 0.6
"""Of the requirements that a cause breaks, and that were judged, the share that must have failed if it is likely."""
_WEIGHT = 4.0
"""What being wholly like a cause counts beside its clues."""
_NEAR = 0.1
"""Two causes whose likeness differs by less cannot be told apart."""


class Bands:
    """Knows the causes and what was seen, and says which fit, and how sure they are."""

    def __init__(
        self,
        causes: Sequence[Cause],
        facts: Facts,
        red: Collection[str],
        judged: Collection[str] | None,
        known: Mapping[str, Sequence[Pattern]],
    ) -> None:
        self._causes = causes
        self._facts = facts
        self._red = red
        self._judged = judged
        self._known = known

    def ranked(self) -> list[Fit]:
        """Return the causes that fit: what explains a step of the registration first, then the likest."""
        found = [self._graded(fit) for fit in fits(self._causes, self._facts, self._red)]
        likeness_of = {fit.cause.id: self._like(fit.cause) or 0.0 for fit in found}
        return sorted(
            found, key=lambda fit: (fit.grade, -fit.score - _WEIGHT * likeness_of[fit.cause.id], fit.cause.id)
        )

    def _graded(self, fit: Fit) -> Fit:
        """Return a fit as one of a step if its cause was seen to break a step as it is broken here.

        A matter of form, as the pages that replace errors, ends a registration where the client reads that form.
        """
        known = self._known.get(fit.cause.id, ())
        broken = any(breaks_as_seen(known, self._facts, step.fact) for step in STEPS)
        return replace(fit, grade=Grade.STEP) if broken else fit

    def unlike(self, fit: Fit, elsewhere: Collection[str] = ()) -> bool:
        """Return whether so much is otherwise than under this cause that it does not fit after all.

        What fails now and then looks different each time, and what is slow to each patience.
        """
        like = self._like(fit.cause, elsewhere)
        return like is not None and like < _UNLIKE and fit.cause.symptom not in _VARYING

    def band(self, fit: Fit, elsewhere: Collection[str] = ()) -> Band:
        """Return how sure a cause is among all, less what is explained ``elsewhere``."""
        like = self._like(fit.cause, elsewhere)
        if like is None or like < _LIKELY or fit.share < _LIKELY:
            return Band.POSSIBLE
        if self._red and proved_share(fit.cause, self._red, self._judged) < _PROVED:
            return Band.POSSIBLE
        if any(self._rivals(fit, like, elsewhere)):
            return Band.POSSIBLE
        return Band.CERTAIN if like >= _CERTAIN and fit.share >= _CERTAIN else Band.LIKELY

    def usual(self, fit: Fit) -> frozenset[str]:
        """Return the names of the facts that are odd under a cause."""
        return frozenset(name for pattern in self._known.get(fit.cause.id, ()) for name in pattern)

    def _rivals(self, fit: Fit, like: float, elsewhere: Collection[str]) -> Iterator[Cause]:
        """Yield the causes that are as like what was seen, and that nothing seen rules out."""
        for cause in self._causes:
            if cause is fit.cause or not self._about_the_same(cause, fit):
                continue
            as_like = (self._like(cause, elsewhere) or 0.0) > like - _NEAR
            if as_like and not ruled_out(cause, self._facts, self._red, self._judged or ()):
                yield cause

    def _about_the_same(self, cause: Cause, fit: Fit) -> bool:
        return any(fit.core & set(pattern) for pattern in self._known.get(cause.id, ()))

    def _like(self, cause: Cause, elsewhere: Collection[str] = ()) -> float | None:
        return likeness(self._known.get(cause.id, ()), self._facts, elsewhere)
