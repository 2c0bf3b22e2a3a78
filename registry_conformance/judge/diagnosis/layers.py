"""The facts by layer: what works, what does not, what was not observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.diagnosis.preflight.finding import KINDS
from registry_conformance.judge.diagnosis.preflight.server_words import SERVER_KINDS

LAYERS = {
    "address": ("first.",),
    "network": ("reach.", "tls.", "idle."),
    "proxy": ("doors.", "route.", "error.", "head.", "browser.", "seen."),
    "auth": ("key.", "reader.", "admin.", "open.", "bypass.", "spoof.", "asked."),
    "keys": ("keys.",),
    "mlflow": (
        "meta.",
        "register.",
        "location.",
        "default.",
        "repeat.",
        "again.",
        "together.",
        "held.",
        "search.",
        "health.",
        "version.",
        "alive.",
        "deployed.",
    ),
    "speed": ("pace.",),
    "client": ("client.",),
    "artifacts": (),
    "bucket": ("bucket.", "settings.", "log.s3"),
}
"""Layer -> how the names of its facts begin; ``artifacts`` are all the others."""
_END = "first.end.P"
_SHOWN_AT = {"": "address", "client": "address", "database": "mlflow", "iam": "bucket", "store": "bucket"}
"""What the client was given is about the address; the database is seen by what MLflow answers alone."""
_ENDED_IN = {kind.id: _SHOWN_AT.get(kind.layer, kind.layer) for kind in (*KINDS, *SERVER_KINDS)}
"""What ends an examination before any probe -> where it is shown."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The facts of a layer: ``good`` counts normal ones, ``unseen`` has the reasons of unobserved ones."""

    name: str
    good: int
    anomalies: tuple[Fact, ...]
    unseen: tuple[str, ...]

    @property
    def word(self) -> str:
        """Return ``works``, ``wrong`` or ``not seen``."""
        if self.anomalies:
            return "wrong"
        return "works" if self.good else "not seen"


def layers(facts: Facts) -> Iterator[Layer]:
    """Yield every layer in the order of a request's path."""
    named = [begin for begins in LAYERS.values() for begin in begins]
    end = facts.get(_END)
    for name, begins in LAYERS.items():
        own = [
            fact
            for fact in facts.values()
            if (fact.name.startswith(begins) if begins else not fact.name.startswith(tuple(named))) and fact is not end
        ]
        anomalies = tuple(fact for fact in own if fact.seen and not fact.normal)
        if end is not None and name in _layers_of_ends(end):
            anomalies = (end, *anomalies)
        reasons = dict.fromkeys(fact.sentence.removeprefix("not seen: ") for fact in own if not fact.seen)
        yield Layer(name, sum(fact.seen and fact.normal for fact in own), anomalies, tuple(reasons))


def _layers_of_ends(end: Fact) -> set[str]:
    """Return the layers of what ended an examination, at one of the doors or at all."""
    ids = [word.rpartition(" ")[2] for word in end.value.split("; ")]
    return {_ENDED_IN[each] for each in ids if each in _ENDED_IN}
