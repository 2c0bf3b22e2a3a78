"""What came of each mutant so far, on disk at once: a run that breaks off is taken up again."""

from __future__ import annotations

import json
from pathlib import Path

from registry_conformance.proof.mutants.outcome import MutantOutcome


class Journal:
    """A file with a line for each mutant that was judged by one ``suite``; those of another suite do not count."""

    def __init__(self, file: Path, suite: str) -> None:
        self._file = file
        self._suite = suite

    def add(self, outcome: MutantOutcome) -> None:
        """Write one outcome."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"suite": self._suite, **outcome.document()}) + "\n")

    def read(self) -> dict[str, MutantOutcome]:
        """Return id -> outcome, the last one of each; a line that was cut off counts as none."""
        found: dict[str, MutantOutcome] = {}
        for line in self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else ():
            try:
                told = json.loads(line)
                if told.pop("suite") == self._suite:
                    found[told["id"]] = MutantOutcome.read(told)
            except (ValueError, KeyError, TypeError):
                continue
        return found
