"""Requests for metadata in a row, each a fact, with the ids of what they made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.answer_judges import fine
from registry_conformance.judge.diagnosis.asker import Asker
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.evidence.exchange import Exchange


@dataclass
class MetadataWalk:
    """Requests for metadata at one place, and the ids of what they made so far."""

    context: ProbeContext
    asker: Asker
    made: dict[str, str] = field(default_factory=dict)

    def get(self, aspect: str, words: str, what: str, fits: Any = None, **query: str) -> Exchange:
        """Read; ``fits`` tells whether the document is right; any is if there is none."""
        return self.ask(aspect, words, "GET", f"{REST}/{what}", fits, query=query)

    def write(self, aspect: str, words: str, method: str, what: str, fits: Any = None, **document: Any) -> Exchange:
        """Send a document; ``fits`` as for ``get``."""
        return self.ask(aspect, words, method, f"{REST}/{what}", fits, json=document)

    def ask(self, aspect: str, words: str, method: str, path: str, fits: Any, **request: Any) -> Exchange:
        """Send a request to a path outside ``/api/2.0/mlflow`` too; the fact is ``meta.ASPECT``."""
        judge = fine(fits or (lambda said: isinstance(said, dict)))
        return self.asker.ask(f"meta.{aspect}", words, method, path, normal="200 json", judge=judge, **request)

    def keep(self, name: str, exchange: Exchange, *path: str) -> bool:
        """Keep an id from an answer; return whether there was one."""
        value = exchange.json() if exchange.ok else None
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            self.made[name] = value
        return isinstance(value, str)

    def delete_experiment(self, own_id: str) -> None:
        """Delete an experiment by its id, unless replicas disagree about what there is: it stays for the clean-up.

        A replica with a database of its own may have an experiment of somebody else under the same id.
        """
        if self.context.facts.value(f"meta.steady.{self.asker.place}") != "now and then":
            self.asker.send("POST", f"{REST}/experiments/delete", json={"experiment_id": own_id})
