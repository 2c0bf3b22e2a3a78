"""The causes of what is wrong with a target, as they are named: a value that reports print and proofs count."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from registry_conformance.judge.diagnosis.bands import Band
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.failure_signature import FailureMark, contradicts, failure_signature
from registry_conformance.judge.evidence.items import EvidenceItem

GUIDE = "docs/troubleshooting.md"
"""Where each cause has a section of its own."""
UNKNOWN = "unknown"
"""The id of what no cause explains."""
STORE_REFUSES = "store-refuses"
"""The id of what the store says in its own words, and no cause explains."""


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
    def document(self) -> dict[str, Any]:
        """The cause as JSON-able data, as reports have it."""
        return {
            "id": self.id,
            "layer": self.layer,
            "cause": self.sentence,
            "band": str(self.band),
            "note": self.note,
            "alternative": self.alternative,
            "observations": list(self.observations),
            "remedy": self.remedy,
            "link": self.link,
        }

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
