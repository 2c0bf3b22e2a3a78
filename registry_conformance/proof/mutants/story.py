"""The description of a mutant for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.proof.mutants.equivalent import reason_of, reasons
from registry_conformance.proof.mutants.mutant import Mutant
from registry_conformance.proof.mutants.topics import areas

_SERIALISED = ("statement", "directive")
"""Kinds of mutants whose file is parsed and written anew: the form of all its lines differs."""


def story(mutant: Mutant) -> Iterator[str]:
    """Yield the description of a mutant, and the requirements that cover it."""
    yield f"{mutant.id}  ({mutant.layer}, {mutant.kind})"
    yield f"  place   {mutant.place}"
    yield f"  change  {mutant.how}"
    yield f"  areas   {', '.join(sorted(areas(mutant)))}, and requirements that the {mutant.layer} keeps"
    if why := reason_of(mutant, reasons()):
        yield f"  equivalent: {why}"
    if mutant.kind in _SERIALISED:
        return
    for path, text in mutant.change(REFERENCE).files:
        shipped = (DOCKER / path).read_text(encoding="utf-8").splitlines()
        lines = difflib.unified_diff(shipped, text.splitlines(), path, path, "", "", 1, "")
        yield from (f"    {line}" for line in lines)
