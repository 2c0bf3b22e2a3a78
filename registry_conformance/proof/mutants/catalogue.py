"""All mutants, by their ids, and samples of them."""

from __future__ import annotations

import functools
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from registry_conformance.proof.mutants import (
    directives,
    lua_source,
    policy_rules,
    python_source,
    settings,
    statements,
    traffic,
)
from registry_conformance.proof.mutants.mutant import Mutant, numbered
from registry_conformance.proof.mutants.subjects import SUBJECTS

GENERATORS = (settings, statements, directives, policy_rules, lua_source, python_source, traffic)


class AmbiguousIdError(RuntimeError):
    """Two mutants have the same id; the message names it."""


def _generated() -> Iterator[Mutant]:
    for generator in GENERATORS:
        yield from generator.mutants()


@functools.cache
def catalogue() -> Mapping[str, Mutant]:
    """Return id -> mutant, for every mutant, in the order of generation."""
    found: dict[str, Mutant] = {}
    for mutant in numbered(_generated()):
        if mutant.id in found:
            raise AmbiguousIdError(f"two mutants have the id {mutant.id}: {found[mutant.id]} and {mutant}")
        found[mutant.id] = mutant
    return MappingProxyType(found)


def selected(
    mutants: Iterable[Mutant], layers: Sequence[str], kinds: Sequence[str], subjects: Sequence[str]
) -> list[Mutant]:
    """Return the mutants of some layers, kinds and subjects; of all where none is named."""
    return [
        each
        for each in mutants
        if (not layers or each.layer in layers)
        and (not kinds or each.kind in kinds)
        and (not subjects or _is_of_one(each, subjects))
    ]


def _is_of_one(mutant: Mutant, subjects: Sequence[str]) -> bool:
    return any(SUBJECTS[name].covers(mutant) for name in subjects)


def sample(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """Return some mutants, deterministic by seed, spread evenly over layers, kinds and proxies.

    A mutant is drawn by its id, so a new one hardly changes a sample.
    """
    groups: dict[tuple[str, str, str], list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        groups[mutant.layer, mutant.kind, mutant.proxy].append(mutant)
    drawn = {
        name: sorted(group, key=lambda mutant: random.Random(f"{seed} {mutant.id}").random())  # noqa: S311 - not a secret
        for name, group in sorted(groups.items())
    }
    turns = [group[turn] for turn in range(len(mutants)) for group in drawn.values() if turn < len(group)]
    return turns[:count]
