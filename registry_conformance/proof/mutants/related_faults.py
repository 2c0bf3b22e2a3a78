"""Requirements that catch faults of the catalogue which change the same thing as a mutant."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache

from registry_conformance.lab.deployment import REFERENCE, Deployment, Links
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.proof.mutants.mutant import Mutant

_NOT_COMPARED = frozenset({"auth.restarts"})
"""Settings that come with a change and are none themselves."""


def related(mutant: Mutant) -> Mapping[str, float]:
    """Return requirement -> its share of the failures under faults that change the same thing.

    Empty if no fault does. Each thing that the mutant changes has equal weight.
    """
    met = [counts for name in changed(mutant.change(REFERENCE)) if (counts := _requirements_by_change().get(name))]
    shares: dict[str, float] = defaultdict(float)
    for counts in met:
        for requirement, count in counts.items():
            shares[requirement] += count / counts.total() / len(met)
    return shares


def changed(deployment: Deployment) -> frozenset[str]:
    """Return names of the differences from the reference: settings, shipped files, and rules of links."""
    settings = (
        f"{part.name}.{field.name}"
        for part in fields(REFERENCE)
        if part.name not in ("links", "files")
        for field in fields(getattr(REFERENCE, part.name))
        if getattr(getattr(deployment, part.name), field.name) != getattr(getattr(REFERENCE, part.name), field.name)
    )
    files = (f"docker/{path}" for path, _ in set(deployment.files) - set(REFERENCE.files))
    return frozenset({*settings, *files, *_acts(deployment.links)} - _NOT_COMPARED)


def _acts(links: Links) -> Iterator[str]:
    for link in fields(links):
        rules = getattr(links, link.name)
        if isinstance(rules, tuple):
            yield from (f"{link.name}: {type(act).__name__}" for rule in rules for act in rule.acts)


@cache
def _requirements_by_change() -> Mapping[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for fault in CATALOGUE.values():
        for name in changed(fault.change(REFERENCE)):
            found[name].update(fault.requirements)
    return found
