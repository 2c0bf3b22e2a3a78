"""From a target to the causes of what is wrong with it, ranked, each with the observations that decided."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from registry_conformance.judge.diagnosis.bands import NOW_AND_THEN as AT_TIMES
from registry_conformance.judge.diagnosis.bands import Band, Bands
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.cause import Cause, Clue
from registry_conformance.judge.diagnosis.causes import CAUSES
from registry_conformance.judge.diagnosis.causes.follows import ALL
from registry_conformance.judge.diagnosis.client_words import client_words, older_server
from registry_conformance.judge.diagnosis.fact_names import Grade, grade_of
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.failure_signature import FailureMark, contradicts, failure_signature
from registry_conformance.judge.diagnosis.fault_location import fault_location
from registry_conformance.judge.diagnosis.met_by_clients import NOW_AND_THEN, broken_answers, let_in
from registry_conformance.judge.diagnosis.patterns import Pattern, known_patterns
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION
from registry_conformance.judge.diagnosis.preflight.products import UNKNOWN as PRODUCT_UNKNOWN
from registry_conformance.judge.diagnosis.preflight.target import GIVEN, examine_target
from registry_conformance.judge.diagnosis.probe_run import look
from registry_conformance.judge.diagnosis.ranking import Fit, settled
from registry_conformance.judge.diagnosis.repetition import BRIDGED
from registry_conformance.judge.diagnosis.step_words import PRODUCT_KINDS, step_words
from registry_conformance.judge.diagnosis.store_codes import layer_of, meaning_of, refused_operations, store_codes
from registry_conformance.judge.diagnosis.undeclared import tolerated
from registry_conformance.judge.diagnosis.unusable_grants import Given, out_of_reach, unusable
from registry_conformance.judge.evidence.items import EvidenceItem
from registry_conformance.judge.target.target import Target

GUIDE = "docs/troubleshooting.md"
UNKNOWN = "unknown"
"""The id of what no cause explains."""
STORE_REFUSES = "store-refuses"
"""The id of what the store says in its own words, and no cause explains."""
_OBSERVATIONS = 3
_MOST = 6


@dataclass(frozen=True, slots=True)
class Named:
    """One cause as it is named: ``band`` is how sure it is, with up to three ``observations``, ``link`` into the guide.

    An ``alternative`` explains what another cause explains better; a ``note`` is a matter of form beside a step that
    failed, and no cause of it. ``layer`` is empty if nothing shows one. ``requirements`` are those that it breaks,
    ``failure_signature`` the marks of the failed exchanges that it explains; ``everything`` goes wrong in the wake of
    some. One that is not ``known`` is what an answer's own words, or a comparison, show where no known cause fits.
    """

    id: str
    layer: str
    sentence: str
    band: Band
    observations: tuple[str, ...]
    remedy: str
    link: str
    alternative: bool = False
    requirements: frozenset[str] = field(default=frozenset(), repr=False)
    failure_signature: frozenset[FailureMark] = field(default=frozenset(), repr=False)
    everything: bool = False
    note: bool = False
    known: bool = True

    @property
    def confidence_label(self) -> str:
        """How sure it is and where it is mended, in the words that stand in a report."""
        if self.id == UNKNOWN:
            return self.layer or "no layer shown"
        return f"{self.band}, {self.layer or 'no layer shown'}"

    def explains(self, requirements: Collection[str], evidence: Collection[EvidenceItem]) -> bool:
        """Return whether a red check is this cause's doing, by what it met itself and by its requirements."""
        if contradicts(self.failure_signature, evidence):
            return False
        met = failure_signature(evidence)
        return not self.requirements.isdisjoint(requirements) or not self.failure_signature.isdisjoint(met)

    def sweeps(self, evidence: Iterable[EvidenceItem]) -> bool:
        """Return whether everything goes wrong in its wake, and a check met what this cause makes of requests."""
        met = {status for _, _, status in failure_signature(evidence)}
        made = {status for _, _, status in self.failure_signature}
        return self.everything and bool(met & made if made else met)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong: ``causes`` ranked, the independent ones before the alternatives; none where all is well."""

    causes: tuple[Named, ...]
    facts: Facts = field(repr=False)

    @property
    def named(self) -> tuple[Named, ...]:
        """The causes without the alternatives."""
        return tuple(cause for cause in self.causes if not cause.alternative)


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
    told = client_words(said, {door.url for door in target.doors})
    concluded = conclude(seen, red, judged=judged, kept_by=kept_by, told=told)
    if not any(cause.known for cause in concluded.named):
        ended += tuple(as_cause(each) for each in examined.open_questions)
    return replace(concluded, causes=(*ended, *concluded.causes)) if ended else concluded


def as_cause(each: Finding) -> Named:
    """Return what the preflight found, as a cause: seen, not inferred."""
    kind = each.kind
    seen = each.observations or (each.sentence,)
    link = f"{GUIDE}#{kind.id}"
    band = Band.CERTAIN if kind.sure else Band.LIKELY
    return Named(kind.id, kind.layer, each.sentence, band, seen, each.remedy, link, everything=True)


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
    if not facts.anomalies and not red:
        return Diagnosis(tuple(_at_times(facts))[:1], facts)
    given = tuple(unusable(facts))
    layers = [layer for name, layer in (kept_by or {}).items() if name in red]
    if out_of_reach(facts):
        unreached = tuple(replace(_given(each, facts), everything=True) for each in given)
        return Diagnosis(unreached or (_unknown(facts, layers),), facts)
    bands = Bands(causes, facts, red, judged, known_patterns() if known is None else known)
    ranked = bands.ranked()
    unused = {each.fact for each in given}
    chosen, rest = _chosen(ranked, bands, unused)
    explained = {name for fit, _ in chosen for name in fit.explained}
    first = tuple(_given(each, facts) for each in given if each.fact not in explained)
    if all(band is Band.POSSIBLE or fit.grade is not Grade.STEP for fit, band in chosen):
        broken = (replace(_given(each, facts), band=Band.LIKELY) for each in broken_answers(facts))
        first += tuple(broken)[:1]
    worst = min((fit.grade for fit, _ in chosen), default=Grade.FORM)
    named = [_named(fit, facts, band, note=fit.grade is Grade.FORM > worst) for fit, band in chosen]
    others = [replace(_named(fit, facts, Band.POSSIBLE), alternative=True) for fit in rest[: _MOST - len(chosen)]]
    told = told or older_server(facts)
    if told is not None and not first and all(band is Band.POSSIBLE for _, band in chosen):
        first = (_said(told),)
    spoken = _spoken(facts, layers)
    if not first and all(band is Band.POSSIBLE and fit.cause.symptom != AT_TIMES for fit, band in chosen):
        first = tuple(_at_times(facts, named_others=bool(chosen) or spoken is not None))[:1]
    if not chosen and not first:
        first = (_refused(facts) or spoken or _let_in(facts) or _unknown(facts, layers),)
    elif spoken is not None and not first and _speak_against(spoken, [(fit.cause.layer, band) for fit, band in chosen]):
        first = (spoken,)
    return Diagnosis((*first, *named, *others), facts)


def _chosen(ranked: Sequence[Fit], bands: Bands, told: Collection[str]) -> tuple[list[tuple[Fit, Band]], list[Fit]]:
    """Return the causes that are needed together, each with how sure it is, and the others that fit.

    The first is the best that is like what was seen; each other explains oddities of its own, and is likely at least.
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
    return chosen, [fit for fit in ranked if fit not in taken]


def _named(fit: Fit, facts: Facts, band: Band, *, note: bool = False) -> Named:
    cause = fit.cause
    weighty = sorted(fit.held, key=lambda each: -each.weight)
    observations = tuple(dict.fromkeys(_observed(each, facts) for each in weighty))[:_OBSERVATIONS]
    return Named(
        cause.id,
        cause.layer,
        cause.sentence,
        band,
        observations,
        cause.remedy_at(facts.value("first.product.P")),
        f"{GUIDE}#{cause.id}",
        requirements=frozenset(cause.requirements),
        failure_signature=failure_signature(item for name in fit.explained for item in facts[name].evidence),
        everything=cause.follows == ALL,
        note=note,
    )


def _given(each: Given, facts: Facts) -> Named:
    """Return what was given and cannot be used, as it was seen."""
    fact = facts[each.fact]
    return Named(
        each.id,
        each.layer,
        each.sentence,
        Band.CERTAIN,
        (fact.sentence,),
        each.remedy,
        f"{GUIDE}#{each.id}",
        requirements=each.requirements,
        failure_signature=failure_signature(fact.evidence) | {("", "", None)},
    )


def _let_in(facts: Facts) -> Named | None:
    """Return who is let in without a valid key, ``None`` if nobody was seen to be.

    An application checks keys itself. A proxy has a list of routes for which it asks somebody, and whether that one or
    a memory of answers before it lets in whoever has a wrong key, is not shown.
    """
    each = let_in(facts)
    if each is None:
        return None
    product = facts.get("first.product.P")
    by_itself = product is not None and product.value in ("", PRODUCT_UNKNOWN, APPLICATION, "go")
    layer = "proxy" if each.fact == "open.main.P" else ""
    if by_itself:
        layer = each.layer
    return replace(_given(each, facts), layer=layer, band=Band.LIKELY, known=False)


def _at_times(facts: Facts, *, named_others: bool = False) -> Iterator[Named]:
    """Yield what fails only at times; what a client bridges by itself is said where there is no other cause."""
    for each in NOW_AND_THEN:
        bridged = each.fact.startswith(BRIDGED)
        if re.search(each.sign, facts.value(each.fact)) and not (named_others and bridged):
            yield replace(_given(each, facts), band=Band.POSSIBLE if bridged else Band.LIKELY, known=False)


def _observed(clue: Clue, facts: Facts) -> str:
    """Return the sentence of a clue: the fact's own, or that a requirement failed."""
    return facts[clue.fact].sentence if clue.fact in facts else f"{clue.fact.removeprefix('red.')} failed"


def _refused(facts: Facts) -> Named | None:
    """Return what the store says in its own words, ``None`` if it says nothing."""
    codes = sorted(store_codes(facts.anomalies))
    if not codes:
        return None
    code = codes[0]
    operations = ", ".join(refused_operations(facts, code)) or "what MLflow asks of it"
    saying = [fact for fact in facts.anomalies if code in fact.value]
    means, remedy = meaning_of(code)
    return Named(
        STORE_REFUSES,
        layer_of(code),
        f"the store refuses {operations}: {code}" + (f": {means}" if means else ""),
        Band.LIKELY,
        tuple(fact.sentence for fact in saying[:_OBSERVATIONS]),
        remedy,
        f"{GUIDE}#{STORE_REFUSES}",
        failure_signature=failure_signature(item for fact in saying for item in fact.evidence),
    )


def _speak_against(spoken: Named, chosen: Sequence[tuple[str, Band]]) -> bool:
    """Return whether a product's own words show another layer than each of the causes, which are possible at most."""
    own = spoken.id in PRODUCT_KINDS and bool(spoken.layer)
    return own and all(band is Band.POSSIBLE and layer != spoken.layer for layer, band in chosen)


def _said(each: Finding) -> Named:
    """Return what the client's own exception means, as a cause."""
    kind = each.kind
    return Named(
        kind.id,
        kind.layer,
        each.sentence,
        Band.LIKELY,
        each.observations,
        each.remedy,
        f"{GUIDE}#{kind.id}",
        everything=True,
    )


def _spoken(facts: Facts, layers: Collection[str]) -> Named | None:
    """Return what the answer to the first failed step says of itself, ``None`` if it says nothing that is known."""
    told = step_words(facts)
    if told is None:
        return None
    kind = told.finding.kind
    return Named(
        kind.id,
        kind.layer if told.located else fault_location(facts, layers).layer,
        told.finding.sentence,
        Band.LIKELY,
        (told.fact.sentence, *told.finding.observations)[:_OBSERVATIONS],
        told.finding.remedy,
        f"{GUIDE}#{kind.id}",
        failure_signature=failure_signature(told.fact.evidence),
        known=False,
    )


def _unknown(facts: Facts, layers: Collection[str]) -> Named:
    located = fault_location(facts, layers)
    anomalies = sorted(facts.anomalies, key=lambda fact: grade_of(fact.name))
    return Named(
        UNKNOWN,
        located.layer,
        f"no known cause fits: {located.words}",
        Band.POSSIBLE,
        tuple(fact.sentence for fact in anomalies[:_OBSERVATIONS]),
        _tells_more(facts),
        f"{GUIDE}#{UNKNOWN}",
        known=False,
    )


def _tells_more(facts: Facts) -> str:
    """Return what would tell more, of what was not seen."""
    wanted = [
        words
        for fact, words in (
            ("reach.line.O", "the same request straight to MLflow, past the proxy"),
            ("bucket.S", "what lies in the bucket"),
            ("log.s3.O", "MLflow's log"),
            ("log.proxy.P", "the proxy's log"),
        )
        if not facts.value(fact)
    ]
    search = "search the logs of every part by the request ids of the failed checks"
    return f"what would tell more: {'; '.join(wanted)}; then {search}" if wanted else search
