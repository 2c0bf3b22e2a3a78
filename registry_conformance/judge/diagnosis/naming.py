"""How each kind of finding becomes a named cause: what fits, what was given, what was said, and what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from registry_conformance.judge.diagnosis.bands import Band
from registry_conformance.judge.diagnosis.cause import Clue
from registry_conformance.judge.diagnosis.causes.follows import ALL
from registry_conformance.judge.diagnosis.fact_names import grade_of
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.failure_signature import failure_signature
from registry_conformance.judge.diagnosis.fault_location import fault_location
from registry_conformance.judge.diagnosis.met_by_clients import NOW_AND_THEN, let_in
from registry_conformance.judge.diagnosis.named import GUIDE, STORE_REFUSES, UNKNOWN, Named
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION
from registry_conformance.judge.diagnosis.preflight.products import UNKNOWN as PRODUCT_UNKNOWN
from registry_conformance.judge.diagnosis.ranking import Fit
from registry_conformance.judge.diagnosis.repetition import BRIDGED
from registry_conformance.judge.diagnosis.step_words import step_words
from registry_conformance.judge.diagnosis.store_codes import layer_of, meaning_of, refused_operations, store_codes
from registry_conformance.judge.diagnosis.unusable_grants import Given

_OBSERVATIONS = 3
_EXCHANGE = re.compile(r"\b[A-Z]+ http\S+ → \d{3} \S*")
"""What two sentences about one and the same exchange have in common; how long it took may be told in one of them."""


def as_cause(each: Finding) -> Named:
    """Return what the preflight found, as a cause: seen, not inferred."""
    kind = each.kind
    seen = each.observations or (each.sentence,)
    link = f"{GUIDE}#{kind.id}"
    band = Band.CERTAIN if kind.sure else Band.LIKELY
    return Named(kind.id, kind.layer, each.sentence, band, seen, each.remedy, link, everything=True)


def named_fit(fit: Fit, facts: Facts, band: Band, *, note: bool = False) -> Named:
    """Return a cause of the table that fits, with the weightiest of what it was seen by."""
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


def named_given(each: Given, facts: Facts) -> Named:
    """Return what was given and cannot be used, as it was seen."""
    fact = facts[each.fact]
    return Named(
        each.id,
        each.layer,
        each.sentence,
        Band.CERTAIN,
        (fact.sentence,),
        each.remedy_at(facts.value("first.product.P")),
        f"{GUIDE}#{each.id}",
        requirements=each.requirements,
        failure_signature=failure_signature(fact.evidence) | {("", "", None)},
    )


def named_let_in(facts: Facts) -> Named | None:
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
    return replace(named_given(each, facts), layer=layer, band=Band.LIKELY, known=False)


def named_at_times(facts: Facts, *, named_others: bool = False) -> Iterator[Named]:
    """Yield what fails only at times; what a client bridges by itself is said where nothing else is to be said."""
    for each in NOW_AND_THEN:
        bridged = each.fact.startswith(BRIDGED)
        if each.holds(facts) and not (named_others and bridged):
            yield replace(named_given(each, facts), band=Band.POSSIBLE if bridged else Band.LIKELY, known=False)


def _distinct(observations: Iterable[str]) -> Iterator[str]:
    """Yield observations without those about an exchange that an earlier one is about."""
    told: set[str] = set()
    for each in observations:
        exchange = _EXCHANGE.search(each)
        if exchange is None or exchange[0] not in told:
            yield each
        if exchange is not None:
            told.add(exchange[0])


def _observed(clue: Clue, facts: Facts) -> str:
    """Return the sentence of a clue: the fact's own, or that a requirement failed."""
    return facts[clue.fact].sentence if clue.fact in facts else f"{clue.fact.removeprefix('red.')} failed"


def named_refusal(facts: Facts) -> Named | None:
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


def named_saying(each: Finding) -> Named:
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


def named_words(facts: Facts, layers: Collection[str]) -> Named | None:
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
        tuple(_distinct((told.fact.sentence, *told.finding.observations)))[:_OBSERVATIONS],
        told.finding.remedy,
        f"{GUIDE}#{kind.id}",
        failure_signature=failure_signature(told.fact.evidence),
        known=False,
    )


def named_unknown(facts: Facts, layers: Collection[str]) -> Named:
    """Return that no known cause fits, with what would tell more; a layer only if a comparison shows it."""
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
