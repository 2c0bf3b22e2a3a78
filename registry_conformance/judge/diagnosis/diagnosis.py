"""From a target to the causes of what is wrong with it, ranked, each with the observations that decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from registry_conformance.judge.diagnosis.cause import Clue
from registry_conformance.judge.diagnosis.causes import CAUSES
from registry_conformance.judge.diagnosis.causes.follows import ALL
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.failure_signature import FailureMark, failure_signature
from registry_conformance.judge.diagnosis.fault_location import fault_location
from registry_conformance.judge.diagnosis.probe_run import look
from registry_conformance.judge.diagnosis.ranking import Fit, cover, fits, settled
from registry_conformance.judge.diagnosis.unusable_grants import Given, out_of_reach, unusable
from registry_conformance.judge.target.target import Target

GUIDE = "docs/troubleshooting.md"
_OBSERVATIONS = 3
_MOST = 6


@dataclass(frozen=True, slots=True)
class Named:
    """One cause as it is named: ``confidence`` from 0 to 1, up to three ``observations``, ``link`` into the guide.

    An ``alternative`` explains what another cause explains better. ``requirements`` are those that it breaks,
    ``marks`` those of the failed exchanges that it explains; ``everything`` goes wrong in the wake of some.
    """

    id: str
    layer: str
    sentence: str
    confidence: float
    observations: tuple[str, ...]
    remedy: str
    link: str
    alternative: bool = False
    requirements: frozenset[str] = field(default=frozenset(), repr=False)
    failure_signature: frozenset[FailureMark] = field(default=frozenset(), repr=False)
    everything: bool = False

    def explains(self, requirements: Collection[str], evidence: Iterable[Mapping[str, Any]]) -> bool:
        """Return whether a red check, by its requirements or by what it saw, is this cause's doing."""
        return not self.requirements.isdisjoint(requirements) or not self.failure_signature.isdisjoint(
            failure_signature(evidence)
        )


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong: ``causes`` ranked, the independent ones before the alternatives; none where all is well."""

    causes: tuple[Named, ...]
    facts: Facts = field(repr=False)

    @property
    def named(self) -> tuple[Named, ...]:
        """The causes without the alternatives."""
        return tuple(cause for cause in self.causes if not cause.alternative)


def diagnose(target: Target, run: str, red: Collection[str] = ()) -> Diagnosis:
    """Return what is wrong with a target, within 15 s; ``red`` are requirements that failed, ``run`` names the run."""
    return conclude(look(target, run, enough=partial(settled, CAUSES, red=red)), red)


def conclude(facts: Facts, red: Collection[str] = ()) -> Diagnosis:
    """Return what a table of facts, and the requirements that failed, come to."""
    if not facts.anomalies and not red:
        return Diagnosis((), facts)
    if out_of_reach(facts):
        unreached = tuple(replace(_given(each, facts), everything=True) for each in unusable(facts))
        return Diagnosis(unreached or (_unknown(facts),), facts)
    ranked = fits(CAUSES, facts, red)
    chosen = cover(ranked)
    explained = {name for fit in chosen for name in fit.explained}
    given = tuple(_given(each, facts) for each in unusable(facts) if each.fact not in explained)
    if not ranked:
        return Diagnosis(given or (_unknown(facts),), facts)
    rest = [fit for fit in ranked if fit not in chosen][: _MOST - len(chosen)]
    best = ranked[0].score
    named = [_named(fit, facts, _margin(fit, ranked), alternative=False) for fit in chosen]
    others = [_named(fit, facts, max(fit.score, 0.0) / (best + fit.score), alternative=True) for fit in rest]
    return Diagnosis((*given, *named, *others), facts)


def _margin(fit: Fit, ranked: Sequence[Fit]) -> float:
    """Return how far a cause stands out from the next that explains the same, from 0.5 to 1."""
    rivals = [other.score for other in ranked if other is not fit and other.core & fit.core]
    rival = max(rivals, default=0.0)
    return min(1.0, max(0.5, fit.score / (fit.score + max(rival, 0.0))))


def _named(fit: Fit, facts: Facts, certainty: float, *, alternative: bool) -> Named:
    cause = fit.cause
    weighty = sorted(fit.held, key=lambda each: -each.weight)
    observations = tuple(dict.fromkeys(_observed(each, facts) for each in weighty))[:_OBSERVATIONS]
    confidence = round(fit.share * certainty, 2)
    link = f"{GUIDE}#{cause.id}"
    return Named(
        cause.id,
        cause.layer,
        cause.sentence,
        confidence,
        observations,
        cause.remedy,
        link,
        alternative,
        frozenset(cause.requirements),
        failure_signature(item for name in fit.explained for item in facts[name].evidence),
        everything=cause.follows == ALL,
    )


def _given(each: Given, facts: Facts) -> Named:
    """Return what was given and cannot be used, as it was seen."""
    seen, link = (facts[each.fact].sentence,), f"{GUIDE}#{each.id}"
    return Named(each.id, each.layer, each.sentence, 1.0, seen, each.remedy, link, requirements=each.requirements)


def _observed(clue: Clue, facts: Facts) -> str:
    """Return the sentence of a clue: the fact's own, or that a requirement failed."""
    return facts[clue.fact].sentence if clue.fact in facts else f"{clue.fact.removeprefix('red.')} failed"


def _unknown(facts: Facts) -> Named:
    layer, where = fault_location(facts)
    observations = tuple(fact.sentence for fact in facts.anomalies[:_OBSERVATIONS])
    return Named(
        "unknown",
        layer,
        f"unknown, {where}",
        0.3,
        observations,
        "compare the observations with the guide, and search the logs by the request ids of the failed checks",
        f"{GUIDE}#unknown",
    )
