"""The journal of judged mutants, written to disk at once, so that an interrupted run can continue."""

from __future__ import annotations

import json
from pathlib import Path

from registry_conformance.proof.mutants.outcome import MutantOutcome


class Journal:
    """A file with a line for each mutant judged by one ``suite`` version; lines of others are ignored."""

    def __init__(self, file: Path, suite: str) -> None:
        self._file = file
        self._suite = suite

    def add(self, outcome: MutantOutcome) -> None:
        """Write one outcome."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"suite": self._suite, **outcome.document()}) + "\n")

    def read(self) -> dict[str, MutantOutcome]:
        """Return id -> result, the last of each; an incomplete line is ignored."""
        found: dict[str, MutantOutcome] = {}
        for line in self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else ():
            try:
                told = json.loads(line)
                if told.pop("suite") == self._suite:
                    found[told["id"]] = MutantOutcome.read(told)
            except (ValueError, KeyError, TypeError):
                continue
        return found
