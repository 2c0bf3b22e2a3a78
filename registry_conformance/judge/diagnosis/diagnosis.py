"""From a target to the causes of what is wrong with it, ranked, each with the observations that decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from registry_conformance.judge.diagnosis.bands import NOW_AND_THEN as AT_TIMES
from registry_conformance.judge.diagnosis.bands import Band, Bands
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.cause import Cause
from registry_conformance.judge.diagnosis.causes import CAUSES
from registry_conformance.judge.diagnosis.client_limits import gives_up
from registry_conformance.judge.diagnosis.client_words import client_words, older_server
from registry_conformance.judge.diagnosis.ended_transfers import ended_transfers
from registry_conformance.judge.diagnosis.fact_names import Grade
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.key_use import before_it_lapsed, lapsed
from registry_conformance.judge.diagnosis.met_by_clients import broken_answers
from registry_conformance.judge.diagnosis.named import Diagnosis, Named
from registry_conformance.judge.diagnosis.naming import (
    as_cause,
    named_at_times,
    named_fit,
    named_given,
    named_let_in,
    named_refusal,
    named_saying,
    named_unknown,
    named_words,
)
from registry_conformance.judge.diagnosis.outcome import slow
from registry_conformance.judge.diagnosis.patterns import Pattern, known_patterns
from registry_conformance.judge.diagnosis.preflight.finding import OWN_PERMISSIONS, TRANSFERS_END, Finding
from registry_conformance.judge.diagnosis.preflight.server_words import SERVER_KINDS
from registry_conformance.judge.diagnosis.preflight.target import GIVEN, examine_target
from registry_conformance.judge.diagnosis.preflight.turns import met_by_turns
from registry_conformance.judge.diagnosis.probe_run import look
from registry_conformance.judge.diagnosis.ranking import Fit, settled
from registry_conformance.judge.diagnosis.step_words import PRODUCT_KINDS
from registry_conformance.judge.diagnosis.steps import registers
from registry_conformance.judge.diagnosis.undeclared import tolerated
from registry_conformance.judge.diagnosis.unusable_grants import out_of_reach, unusable
from registry_conformance.judge.target.target import Target

_MOST = 6
"""So many causes are named at most, the other possible ones included."""
_BY_TURNS = "meta.steady.P"
"""The fact that what was just made is found at one time and not at another."""
_OF_MLFLOW = frozenset(kind.id for kind in (*SERVER_KINDS, OWN_PERMISSIONS))
"""What MLflow says of itself, and of the parts behind it."""


def diagnose(
    target: Target,
    run: str,
    red: Collection[str] = (),
    judged: Collection[str] | None = None,
    kept_by: Mapping[str, str] | None = None,
    budget: Budget | None = None,
    said: Collection[str] = (),
) -> Diagnosis:
    """Return what is wrong with a target; ``run`` names the run.

    ``red`` are requirements that failed, of those that were ``judged``; ``kept_by`` tells the layer that keeps each.
    ``said`` are the exceptions that an MLflow client ended with.
    What the preflight ends is not asked further: a door of which nothing remains has no other cause.
    """
    strict = target.kind != GIVEN and "platform" in target.promises.profiles
    facts = Facts() if strict else Facts(tolerated)
    examined = examine_target(target, run, facts)
    ended = tuple(as_cause(each) for each in examined.ended)
    if ended and not examined.target.doors:
        return Diagnosis(ended, facts)
    enough = partial(settled, CAUSES, red=red)
    seen = look(examined.target, run, budget, enough, facts)
    told = client_words(said, {door.url for door in target.doors}) or older_server(seen, said)
    own = gives_up(seen, examined.target.doors[0].limits) if examined.target.doors else None
    ended += (as_cause(own),) if own else ()
    ended += tuple(as_cause(each) for each in met_by_turns(examined.target, seen))
    concluded = conclude(seen, red, judged=judged, kept_by=kept_by, told=told)
    if own is not None and slow(concluded):
        concluded = replace(concluded, causes=())  # that answers are slow is what it says
    if not any(cause.known for cause in concluded.named):
        ended += tuple(as_cause(each) for each in examined.open_questions)
    return replace(concluded, causes=(*ended, *concluded.causes)) if ended else concluded


def conclude(
    facts: Facts,
    red: Collection[str] = (),
    causes: Sequence[Cause] = CAUSES,
    *,
    judged: Collection[str] | None = None,
    kept_by: Mapping[str, str] | None = None,
    known: Mapping[str, Sequence[Pattern]] | None = None,
    told: Finding | None = None,
) -> Diagnosis:
    """Return what a table of facts, and the requirements that failed, come to.

    ``kept_by`` tells the layer that keeps a requirement;
    ``known`` are the patterns that causes are compared with, those that were kept of a proof if none are given.
    ``told`` is what the client itself says, which counts if no cause is likely at least.
    """
    if (late := lapsed(facts)) is not None:
        other = conclude(before_it_lapsed(facts), red, causes, judged=judged, kept_by=kept_by, known=known, told=told)
        also = (each for each in other.named if each.known and each.band is not Band.POSSIBLE)
        return Diagnosis((as_cause(late), *also), facts)
    if not facts.anomalies and not red:
        return Diagnosis(tuple(named_at_times(facts))[:1], facts)
    given = tuple(unusable(facts))
    layers = [layer for name, layer in (kept_by or {}).items() if name in red]
    if out_of_reach(facts):
        unreached = tuple(replace(named_given(each, facts), everything=True) for each in given)
        return Diagnosis(unreached or (named_unknown(facts, layers),), facts)
    bands = Bands(causes, facts, red, judged, known_patterns() if known is None else known)
    ranked = bands.ranked()
    unused = {each.fact for each in given}
    chosen, rest = _chosen(ranked, bands, unused)
    explained = {name for fit, _ in chosen for name in fit.explained}
    first = tuple(named_given(each, facts) for each in given if each.fact not in explained)
    if all(band is Band.POSSIBLE or fit.grade is not Grade.STEP for fit, band in chosen):
        broken = (replace(named_given(each, facts), band=Band.LIKELY) for each in broken_answers(facts))
        first += tuple(broken)[:1]
    worst = min((fit.grade for fit, _ in chosen), default=Grade.FORM)
    named = [named_fit(fit, facts, band, note=fit.grade is Grade.FORM > worst) for fit, band in chosen]
    others = [replace(named_fit(fit, facts, Band.POSSIBLE), alternative=True) for fit in rest[: _MOST - len(chosen)]]
    if told is not None and not first and all(band is Band.POSSIBLE for _, band in chosen):
        first = (named_saying(told),)
    spoken = named_words(facts, layers)
    if not first and all(band is Band.POSSIBLE and fit.cause.symptom != AT_TIMES for fit, band in chosen):
        steady = bool(chosen) or spoken is not None or not registers(facts)
        first = tuple(named_at_times(facts, named_others=steady))[:1]
    if not chosen and not first:
        ended = ended_transfers(facts)
        first = (
            named_refusal(facts)
            or (named_saying(ended) if ended else None)
            or spoken
            or named_let_in(facts)
            or named_unknown(facts, layers),
        )
    elif spoken is not None and not first and _speak_against(spoken, [(fit.cause.layer, band) for fit, band in chosen]):
        first = (spoken,)
    if any(cause.id == TRANSFERS_END.id for cause in first):
        others = [each for each in others if each.layer != TRANSFERS_END.layer]  # they say the same with fewer facts
    return Diagnosis((*first, *named, *others), facts)


def _chosen(ranked: Sequence[Fit], bands: Bands, told: Collection[str]) -> tuple[list[tuple[Fit, Band]], list[Fit]]:
    """Return the causes that are needed together, each with how sure it is, and the others that fit.

    The first is the best that is like what was seen; each other explains oddities of its own, and is likely at least.
    What is unlike all that was seen is none of the others: too much speaks against it.
    """
    chosen: list[tuple[Fit, Band]] = []
    elsewhere = set(told)
    for fit in ranked:
        if bands.unlike(fit, elsewhere) or (chosen and (not fit.core or fit.core & elsewhere)):
            continue
        band = bands.band(fit, elsewhere)
        if chosen and band is Band.POSSIBLE:
            continue
        chosen.append((fit, band))
        elsewhere |= fit.explained | bands.usual(fit)
    taken = [fit for fit, _ in chosen]
    others = [fit for fit in ranked if fit not in taken and not bands.unlike(fit, elsewhere)]
    if _BY_TURNS in told:  # what is read at one time and not at the next shows no fixed cause in the same part
        chosen = [(fit, band) for fit, band in chosen if band is not Band.POSSIBLE or fit.cause.layer != "mlflow"]
        others = [fit for fit in others if fit.cause.layer != "mlflow"]
    return chosen, others


def _speak_against(spoken: Named, chosen: Sequence[tuple[str, Band]]) -> bool:
    """Return whether what a product or MLflow says of itself counts for more than causes that are possible at most.

    The words of a product do if they show another layer; MLflow names the part behind it that failed.
    """
    if not all(band is Band.POSSIBLE for _, band in chosen):
        return False
    own = spoken.id in PRODUCT_KINDS and bool(spoken.layer)
    return spoken.id in _OF_MLFLOW or (own and all(layer != spoken.layer for layer, _ in chosen))
