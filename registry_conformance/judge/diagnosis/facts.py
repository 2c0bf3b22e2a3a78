"""The table of facts: what a battery of probes saw, each as a short value, with the sentence that tells it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One observation.

    ``name`` is ``subject.aspect.PLACE`` (``put.small.P``: P through the proxy, O straight to MLflow, S in the bucket, K
    at the key service); ``value`` a few words in a fixed grammar (``404 html flask``), empty where it was not seen.
    ``normal`` is whether a healthy deployment shows it. ``evidence`` holds JSON-able items.
    """

    name: str
    value: str
    sentence: str
    normal: bool = True
    evidence: tuple[Mapping[str, Any], ...] = ()

    @property
    def seen(self) -> bool:
        """Whether the target let us see it."""
        return bool(self.value)


class Facts(Mapping[str, Fact]):
    """Fact name -> fact, in the order in which they were told; threads may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: dict[str, Fact] = {}

    def record(
        self, name: str, value: str, sentence: str, normal: str = "", evidence: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        """Keep a fact; ``normal`` is a regex that a healthy deployment's value matches as a whole, empty for any."""
        healthy = not normal or re.fullmatch(normal, value) is not None
        with self._lock:
            self._facts[name] = Fact(name, value, sentence, healthy, evidence)

    def unseen(self, name: str, reason: str) -> None:
        """Keep that a fact could not be seen, and why."""
        with self._lock:
            self._facts.setdefault(name, Fact(name, "", f"not seen: {reason}"))

    def value(self, name: str) -> str:
        """Return a fact's value, empty where it was not seen."""
        fact = self._facts.get(name)
        return fact.value if fact else ""

    @property
    def anomalies(self) -> tuple[Fact, ...]:
        """The facts that a healthy deployment does not show."""
        return tuple(fact for fact in self._facts.values() if fact.seen and not fact.normal)

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._facts))

    def __len__(self) -> int:
        return len(self._facts)
