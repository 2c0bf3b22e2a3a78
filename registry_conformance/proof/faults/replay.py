"""Scores the diagnosis on stored facts: hit rates, confidence, and behaviour on unknown causes."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry_conformance.judge.diagnosis.bands import Band
from registry_conformance.judge.diagnosis.causes import BY_ID, CAUSES
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.met_by_clients import BROKEN_ANSWERS
from registry_conformance.judge.diagnosis.named import STORE_REFUSES, UNKNOWN, Diagnosis
from registry_conformance.judge.diagnosis.patterns import Pattern, folded, known_patterns, pattern_of
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.proof.faults.stored_facts import HEALTHY, StoredFacts

AFTER_RED, ALONE, LEFT_OUT = "after a red run", "the doctor alone", "its own cause left out"
DIAGNOSIS, DIAGNOSIS_SCHEMA = "diagnosis.json", "diagnosis.v1"
"""The file of a proof's report that says what the diagnosis is worth."""
WAYS = (AFTER_RED, ALONE, LEFT_OUT)
RIGHT_AFTER_RED, ANOTHER_CAUSE, ANOTHER_LAYER = 0.99, 0.02, 0.01
"""The least share that is right at first place, and the most that may be called another cause, or another layer's."""
_OWN_WORDS = frozenset({STORE_REFUSES, *(each.id for each in BROKEN_ANSWERS)})
"""What is told of an answer as it is, whatever made it so: none of the causes that the catalogue makes."""
_SURE = (Band.CERTAIN, Band.LIKELY)
_GOALS = {Band.CERTAIN: 0.99, Band.LIKELY: 0.90, Band.POSSIBLE: 0.50}


@dataclass(frozen=True, slots=True)
class JudgedLook:
    """What a diagnosis said of one fault: its first cause, with layer and band; ``healthy`` if it said nothing.

    One that is not ``known`` is what an answer's own words show where no known cause fits.
    """

    fault: str
    way: str
    first: str
    layer: str
    band: str
    healthy: bool
    known: bool = True

    @property
    def right(self) -> bool:
        """Whether the first cause is the fault's."""
        return self.first == CATALOGUE[self.fault].cause

    @property
    def layer_right(self) -> bool:
        """Whether the layer is the fault's, or that of its cause."""
        fault = CATALOGUE[self.fault]
        return self.layer in {fault.layer, fault.diagnosis.layer if fault.diagnosis else ""}

    @property
    def missed(self) -> bool:
        """Whether a deployment is called healthy though requests show what is wrong with it."""
        return self.healthy and not (self.way == ALONE and CATALOGUE[self.fault].latent)

    @property
    def names_another(self) -> bool:
        """Whether another cause is called likely or certain; what an answer's own words show is none."""
        return self.known and not self.right and self.band in _SURE

    @property
    def names_another_layer(self) -> bool:
        """Whether another layer is called likely or certain, by a known cause or by an answer's own words."""
        return bool(self.layer) and not self.right and not self.layer_right and self.band in _SURE


def judge(
    looks: Iterable[StoredFacts], kept_by: Mapping[str, str], known: Mapping[str, Sequence[Pattern]] | None = None
) -> list[JudgedLook]:
    """Return the diagnosis of each stored broken deployment, in each way.

    ``kept_by`` returns the layer that is responsible for a requirement.
    """
    patterns = known_patterns() if known is None else known
    found: list[JudgedLook] = []
    for look in looks:
        if look.fault == HEALTHY or look.fault not in CATALOGUE:
            continue
        facts, own = look.table(), CATALOGUE[look.fault].cause
        after_red: dict[str, Any] = {"judged": look.judged, "kept_by": kept_by}
        others = [cause for cause in CAUSES if cause.id != own]
        known_others = {cause: each for cause, each in patterns.items() if cause != own}
        found += [
            _judged(look, AFTER_RED, conclude(facts, look.red, **after_red, known=patterns)),
            _judged(look, ALONE, conclude(facts, known=patterns)),
            _judged(look, LEFT_OUT, conclude(facts, look.red, others, **after_red, known=known_others)),
        ]
    return found


def _judged(look: StoredFacts, way: str, diagnosis: Diagnosis) -> JudgedLook:
    first = next(iter(diagnosis.causes), None)
    if first is None:
        return JudgedLook(look.fault, way, "", "", "", healthy=True)
    known = first.known and first.id not in _OWN_WORDS
    return JudgedLook(look.fault, way, first.id, first.layer, str(first.band), healthy=False, known=known)


def false_alarms(looks: Iterable[StoredFacts]) -> list[str]:
    """Return the causes that are named for healthy deployments."""
    return [
        f"{cause.id}: {'; '.join(cause.observations)}"
        for look in looks
        if look.fault == HEALTHY
        for cause in conclude(look.table(), look.red).causes
    ]


def measures(found: Sequence[JudgedLook]) -> dict[str, Any]:
    """Return the figures, in each way and for each confidence word."""
    by_way: dict[str, list[JudgedLook]] = {way: [] for way in WAYS}
    for each in found:
        by_way[each.way].append(each)
    right, unknown = dict[str, int](), dict[str, int]()
    wrong_and_sure, called_healthy = dict[str, list[str]](), dict[str, list[str]]()
    for way in (AFTER_RED, ALONE):
        looks = by_way[way]
        right[way] = sum(each.right for each in looks)
        unknown[way] = sum(each.first == UNKNOWN for each in looks)
        wrong_and_sure[way] = [each.fault for each in looks if each.names_another]
        called_healthy[way] = [each.fault for each in looks if each.missed]
    latent = [each.fault for each in by_way[ALONE] if each.healthy and not each.missed]
    left_out = by_way[LEFT_OUT]
    named = [each for each in found if each.way != LEFT_OUT and each.first]
    bands = {}
    for band in Band:
        of_band = [each for each in named if each.band == band]
        bands[str(band)] = _hits(of_band, band)
    return {
        "faults": len(by_way[AFTER_RED]),
        "right_first": right,
        "wrong_and_sure": wrong_and_sure,
        "unknown": unknown,
        "called_healthy": called_healthy,
        "latent": latent,
        "left_out": {
            "another_cause": [f"{each.fault}: {each.first}" for each in left_out if each.names_another],
            "another_layer": [f"{each.fault}: {each.first}" for each in left_out if each.names_another_layer],
            "layer_right": sum(each.layer_right for each in left_out),
            "no_layer": sum(not each.layer for each in left_out),
        },
        "bands": bands,
    }


def _hits(some: Sequence[JudgedLook], band: Band) -> dict[str, Any]:
    """Return how often a confidence word was right, with its 95 % confidence interval."""
    counted = [each for each in some if each.first not in (UNKNOWN, STORE_REFUSES)]
    right = sum(each.right for each in counted)
    low, high = interval(right, len(counted))
    return {"named": len(counted), "right": right, "low": low, "high": high, "goal": _GOALS[band]}


def interval(right: int, all_of_them: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a rate."""
    if not all_of_them:
        return 0.0, 1.0
    z, rate = 1.96, right / all_of_them
    middle = rate + z * z / (2 * all_of_them)
    spread = z * math.sqrt(rate * (1 - rate) / all_of_them + z * z / (4 * all_of_them**2))
    whole = 1 + z * z / all_of_them
    return round(max(0.0, (middle - spread) / whole), 3), round(min(1.0, (middle + spread) / whole), 3)


def patterns_of(looks: Iterable[StoredFacts]) -> dict[str, list[dict[str, list[str]]]]:
    """Return the anomalies under the faults of each cause, as the judge stores them."""
    kept: dict[str, list[dict[str, list[str]]]] = {}
    for look in looks:
        if look.fault in CATALOGUE and CATALOGUE[look.fault].cause in BY_ID:
            pattern = folded(pattern_of(look.table()))
            known = kept.setdefault(CATALOGUE[look.fault].cause, [])
            if pattern not in known:
                known.append(pattern)
    return dict(sorted(kept.items()))


def shortfalls(found: Sequence[JudgedLook], alarms: Collection[str]) -> list[str]:
    """Return the goals that are not reached, in words."""
    numbers = measures(found)
    total = numbers["faults"]
    if not total:
        return ["no fault of the catalogue was looked at"]
    left = numbers["left_out"]
    goals = (
        (numbers["right_first"][AFTER_RED] >= RIGHT_AFTER_RED * total, f"right at first place, {AFTER_RED}"),
        (len(left["another_cause"]) <= ANOTHER_CAUSE * total, f"another cause called likely, {LEFT_OUT}"),
        (len(left["another_layer"]) <= ANOTHER_LAYER * total, f"another layer called likely, {LEFT_OUT}"),
        *((not numbers["called_healthy"][way], f"called healthy, {way}") for way in (AFTER_RED, ALONE)),
        (not alarms, "a cause is named for what is healthy"),
    )
    short = [words for reached, words in goals if not reached]
    return short + [
        f"{band} is right less often than it may be"
        for band, hits in numbers["bands"].items()
        if hits["named"] and hits["high"] < hits["goal"]
    ]


def lines(found: Sequence[JudgedLook], alarms: Collection[str]) -> list[str]:
    """Return the figures for a terminal."""
    numbers = measures(found)
    total = numbers["faults"]
    told = []
    for way in (AFTER_RED, ALONE):
        told.append(
            f"{way}: {numbers['right_first'][way]} of {total} right at first place, {numbers['unknown'][way]} unknown, "
            f"{len(numbers['wrong_and_sure'][way])} wrong and called likely, "
            f"{len(numbers['called_healthy'][way])} called healthy"
        )
    told += [f"- {name} shows nothing to the doctor alone: {CATALOGUE[name].latent}" for name in numbers["latent"]]
    left = numbers["left_out"]
    told.append(
        f"{LEFT_OUT}: another is called likely for {len(left['another_cause'])} of {total}, in another layer for "
        f"{len(left['another_layer'])}; the layer is right for {left['layer_right']}, not told for {left['no_layer']}"
    )
    for band, hits in numbers["bands"].items():
        rate = hits["right"] / hits["named"] if hits["named"] else 0.0
        told.append(
            f"{band}: {hits['right']} of {hits['named']} right, {rate:.1%} "
            f"(between {hits['low']:.1%} and {hits['high']:.1%}; goal {hits['goal']:.0%})"
        )
    told += [f"- healthy, and named {alarm}" for alarm in alarms]
    told += [f"- {each.fault}, {each.way}: {each.first or 'healthy'} ({each.band})" for each in found if _to_tell(each)]
    return told


def _to_tell(each: JudgedLook) -> bool:
    if each.way == LEFT_OUT:
        return each.names_another or each.names_another_layer
    return not each.right and (each.missed or not each.healthy)
