"""Which requirements cover a mutant: those of its layer, and those of the areas of its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from registry_conformance.judge.requirement import Requirement
from registry_conformance.proof.mutants.mutant import Mutant

_LAYERS: Mapping[str, str] = MappingProxyType({"keys": "auth"})
"""Layer of a mutant -> layer of the register, where that has another word."""
_OF_LAYER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "proxy": frozenset({"RTE"}),
        "auth": frozenset({"AUT", "AUZ"}),
        "keys": frozenset({"AUT", "AUZ"}),
        "mlflow": frozenset({"REG", "ART"}),
        "store": frozenset({"ART"}),
        "client": frozenset({"REG", "RCH"}),
    }
)
"""Layer -> areas of the register that are about it."""
_OF_ALL = frozenset({"ERR", "OPS", "RES"})
"""Areas that are about every layer: how it fails, how it is run, what it outlasts."""
_WORDS: tuple[tuple[str, frozenset[str]], ...] = (
    (r"auth|identity|hokusai|api-key|unguarded|fails_open|key|xff|remote_address|401|403", frozenset({"AUT", "AUZ"})),
    (r"artifact|bytes|buffer|body|limit|file|object|parts|mpu|100_continue|compress|destination", frozenset({"ART"})),
    (r"rest|ajax|model|version|alias|runs|experiment|metric|timeout|retr|database", frozenset({"REG"})),
)
"""Words of a place or a change -> areas that are about such things."""


def areas(mutant: Mutant) -> frozenset[str]:
    """Return the register areas that cover a mutant."""
    text = f"{mutant.place} {mutant.how}".lower()
    named = frozenset(area for regex, found in _WORDS if re.search(regex, text) for area in found)
    return _OF_ALL | _OF_LAYER[mutant.layer] | named


def speaks(mutant: Mutant, requirements: Iterable[str], register: Mapping[str, Requirement]) -> bool:
    """Return whether one of these requirements covers a mutant, by layer or area."""
    layer, about = _LAYERS.get(mutant.layer, mutant.layer), areas(mutant)
    return any(name.partition("-")[0] in about or register[name].layer == layer for name in requirements)
