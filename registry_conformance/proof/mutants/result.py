"""The score of mutants: killed ones by layer and kind, and the score of the diagnosis."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.report.proof import MUTANTS_SCHEMA
from registry_conformance.proof.mutants.mutant import Mutant
from registry_conformance.proof.mutants.outcome import Fate, MutantOutcome

FATES = tuple(Fate)


class ResultError(ValueError):
    """A file has no valid mutants result; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class MutantResult:
    """What became of a sample of mutants, or of all.

    ``sample`` is how many were drawn with ``seed``, 0 for all; ``catalogue`` how many there are; ``depth`` how many
    cases were tried of each at most; ``seconds`` how long the whole took with ``jobs`` stacks at once. ``left_out`` is
    why some that were drawn were not judged on this machine -> how many.
    """

    run: str
    suite_version: str
    register_version: str
    started: str
    seconds: float
    catalogue: int
    sample: int
    seed: int
    depth: int
    jobs: int
    left_out: Mapping[str, int]
    mutants: Mapping[str, Mutant]
    outcomes: Sequence[MutantOutcome]

    def document(self) -> dict[str, Any]:
        """Return the whole as JSON; ``reports/schema/mutants.v1.json`` describes it."""
        return {
            "schema": MUTANTS_SCHEMA,
            "run": self.run,
            "suite": {"version": self.suite_version, "register": self.register_version},
            "started": self.started,
            "seconds": round(self.seconds, 1),
            "catalogue": self.catalogue,
            "sample": self.sample,
            "seed": self.seed,
            "depth": self.depth,
            "jobs": self.jobs,
            "left_out": [{"why": why, "mutants": count} for why, count in self.left_out.items()],
            "summary": summary(self._rows()),
            "mutants": self._rows(),
        }

    def _rows(self) -> list[dict[str, Any]]:
        return [self._row(outcome) for outcome in sorted(self.outcomes, key=lambda each: each.id)]

    def _row(self, outcome: MutantOutcome) -> dict[str, Any]:
        mutant = self.mutants[outcome.id]
        known = {"layer": mutant.layer, "kind": mutant.kind, "place": mutant.place, "how": mutant.how}
        return {"id": outcome.id, **known, **outcome.document()}


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures of a result, from its rows."""
    judged = [row for row in rows if row["fate"] in (Fate.KILLED, Fate.SURVIVED, Fate.UNDECIDED)]
    return {
        **_counts(rows),
        "by_layer": _counts_by(rows, "layer"),
        "by_kind": _counts_by(rows, "kind"),
        "diagnosis": dict(sorted(Counter(row["named"] for row in rows if row["named"]).items())),
        "seconds_a_mutant": round(sum(row["seconds"] for row in judged) / len(judged), 2) if judged else 0.0,
    }


def _counts_by(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, dict[str, int]]:
    """Return value of a column -> the counts of its rows, in the order of the values."""
    counts = {}
    for value in sorted({row[name] for row in rows}):
        counts[value] = _counts(row for row in rows if row[name] == value)
    return counts


def _counts(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    met = Counter(row["fate"] for row in rows)
    return {"mutants": met.total() - met[Fate.INVALID], **{fate.value: met[fate] for fate in FATES}}


def share(counts: Mapping[str, int]) -> float | None:
    """Return the killed share of valid, non-equivalent mutants, ``None`` if there are none."""
    tried = counts["mutants"] - counts["equivalent"]
    return counts["killed"] / tried if tried else None


def read(file: Path) -> dict[str, Any]:
    """Return a stored result; raise ``ResultError``."""
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        sound = document["schema"] == MUTANTS_SCHEMA and document["summary"] == summary(document["mutants"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ResultError(f"{file}: no result of mutants: {problem}") from problem
    if not sound:
        raise ResultError(f"{file}: no result of {MUTANTS_SCHEMA}, or its summary is not that of its mutants")
    return document
