"""The table of facts: the observations of the probes, each as a short value with a sentence."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from registry_conformance.judge.evidence.items import EvidenceItem


@dataclass(frozen=True, slots=True)
class Fact:
    """One observation.

    ``name`` is ``subject.aspect.PLACE`` (``put.small.P``: P through the proxy, O straight to MLflow, S in the bucket, K
    at the key service); ``value`` a few words in a fixed grammar (``404 html flask``), empty if it was not seen.
    ``normal`` is whether a healthy deployment shows it. ``evidence`` holds JSON-able items. ``missed`` is whether it
    was not seen though it should have been asked: there was no time for it. ``note`` is whether it is other than the
    reference promises, and no anomaly, since nobody promised it there.
    """

    name: str
    value: str
    sentence: str
    normal: bool = True
    evidence: tuple[EvidenceItem, ...] = ()
    missed: bool = False
    note: bool = False

    @property
    def seen(self) -> bool:
        """Whether the fact could be observed."""
        return bool(self.value)


_WHATEVER = "whatever it may be"
"""A value that no fact has: tolerated only where every value is."""


class Missed(str):
    """The reason why the doctor did not observe something that it should have."""

    __slots__ = ()


class Facts(Mapping[str, Fact]):
    """Fact name -> fact, in the order of recording; thread-safe."""

    def __init__(self, tolerated: Callable[[str, str, str], bool] | None = None) -> None:
        """``tolerated`` decides what is no anomaly although it differs from the reference.

        It is asked with a name, a value, and the version that MLflow says it is.
        """
        self._tolerated = tolerated
        self._lock = threading.Lock()
        self._facts: dict[str, Fact] = {}

    def record(
        self, name: str, value: str, sentence: str, normal: str = "", evidence: tuple[EvidenceItem, ...] = ()
    ) -> None:
        """Record a fact; ``normal`` is a regex that a healthy deployment's value fully matches, empty for any."""
        promised = not normal or re.fullmatch(normal, value) is not None
        healthy = self.healthy(name, value, normal)
        with self._lock:
            self._facts[name] = Fact(name, value, sentence, healthy, evidence, note=healthy and not promised)

    def healthy(self, name: str, value: str, normal: str) -> bool:
        """Return whether a fact with this value would be normal."""
        if not normal or re.fullmatch(normal, value):
            return True
        return self._tolerated is not None and self._tolerated(name, value, self.value("first.version.P"))

    def unseen(self, name: str, reason: str) -> None:
        """Record that a fact could not be observed, and why; ``Missed`` if the doctor did not try."""
        with self._lock:
            missed = isinstance(reason, Missed) and not self._without_weight(name)
            self._facts.setdefault(name, Fact(name, "", f"not seen: {reason}", missed=missed))

    def _without_weight(self, name: str) -> bool:
        """Return whether nothing that could be seen under this name would be an anomaly."""
        return self._tolerated is not None and self._tolerated(name, _WHATEVER, "")

    def value(self, name: str) -> str:
        """Return a fact's value, empty if it was not observed."""
        fact = self._facts.get(name)
        return fact.value if fact else ""

    @property
    def anomalies(self) -> tuple[Fact, ...]:
        """The facts that a healthy deployment does not show."""
        return tuple(fact for fact in self._facts.values() if fact.seen and not fact.normal)

    @property
    def missed(self) -> tuple[Fact, ...]:
        """The facts that should have been observed, and were not."""
        return tuple(fact for fact in self._facts.values() if fact.missed)

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._facts))

    def __len__(self) -> int:
        return len(self._facts)
