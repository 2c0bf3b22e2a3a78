"""The facts observed under each fault, stored in files, so that diagnosis rules can be tested without a stack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.diagnosis.facts import Facts

SCHEMA = "facts.v1"
FOLDER = "facts"
"""The folder of a proof's report that they lie in, a file a fault."""
HEALTHY = "healthy"
"""The name of what was seen of the reference, with nothing broken."""


class FactsError(ValueError):
    """A folder has no valid stored facts; the message says which file."""


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """The facts about one deployment: its ``fault`` (``HEALTHY`` for none), and the failed requirements.

    ``judged`` are all requirements that were tested.
    """

    fault: str
    red: tuple[str, ...]
    judged: tuple[str, ...]
    facts: Sequence[Mapping[str, Any]]

    def table(self) -> Facts:
        """Return the facts as the diagnosis reads them."""
        facts = Facts()
        for each in self.facts:
            if each["value"]:
                normal = "" if each["normal"] else r"(?!)"
                facts.record(each["name"], each["value"], each["sentence"], normal)
            else:
                facts.unseen(each["name"], each["sentence"].removeprefix("not seen: "))
        return facts

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "schema": SCHEMA,
            "fault": self.fault,
            "red": list(self.red),
            "judged": list(self.judged),
            "facts": list(self.facts),
        }


def stored(fault: str, red: Sequence[str], judged: Sequence[str], facts: Facts) -> StoredFacts:
    """Return one look in its stored form."""
    told = [
        {"name": fact.name, "value": fact.value, "normal": fact.normal, "sentence": fact.sentence[:300]}
        for fact in facts.values()
    ]
    return StoredFacts(fault or HEALTHY, tuple(sorted(red)), tuple(sorted(judged)), tuple(told))


def read_facts(folder: Path) -> Iterator[StoredFacts]:
    """Yield the stored facts in a folder; raise ``FactsError`` if there are none, or unreadable ones."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise FactsError(f"{folder}: no stored facts there; a proof keeps them in reports/runs/RUN/{FOLDER}")
    for file in files:
        try:
            yield _read(json.loads(file.read_text()))
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise FactsError(f"{file}: not stored facts of {SCHEMA}: {problem}") from problem


def _read(document: Mapping[str, Any]) -> StoredFacts:
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']!r}")
    return StoredFacts(document["fault"], tuple(document["red"]), tuple(document["judged"]), tuple(document["facts"]))
