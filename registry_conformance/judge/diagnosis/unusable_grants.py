"""Findings from a single fact: an unreachable address, a key that the bucket rejects, replicas that differ.

No fault of the catalogue causes these, so they are not ranked as causes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from registry_conformance.judge.diagnosis.facts import Facts

_WAY = frozenset({"RCH-001", "RCH-002", "RCH-003", "RCH-004", "RCH-005"})


@dataclass(frozen=True, slots=True)
class Given:
    """One such thing: a ``fact`` whose value holds ``sign``, and the ``requirements`` whose failure it explains.

    ``unless`` is another fact, and what its value holds where this one says nothing of its own; ``also`` are others
    that must hold what stands beside them. ``settings`` name the line that mends it in a product that was seen.
    """

    id: str
    layer: str
    fact: str
    sign: str
    sentence: str
    remedy: str
    requirements: frozenset[str] = frozenset()
    unless: tuple[str, str] = ("", "")
    also: tuple[tuple[str, str], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)

    def remedy_at(self, product: str) -> str:
        """Return the remedy where this product was seen, empty for none: with its own line, and with no other's."""
        setting = self.settings.get(product, "")
        return f"{self.remedy} ({setting})" if setting else self.remedy

    def holds(self, facts: Facts) -> bool:
        """Return whether it was seen."""
        if not all(re.search(sign, facts.value(fact)) for fact, sign in self.also):
            return False
        other, sign = self.unless
        told_otherwise = bool(other) and re.search(sign, facts.value(other)) is not None
        return re.search(self.sign, facts.value(self.fact)) is not None and not told_otherwise


GIVEN = (
    Given(
        "door-name-unknown",
        "network",
        "reach.line.P",
        r"\bname\b",
        "a door's host name does not resolve on this machine",
        "correct the door's url, or have its name published in the DNS that this machine asks (`getent hosts NAME`)",
        _WAY,
    ),
    Given(
        "door-port-closed",
        "network",
        "reach.line.P",
        r"\brefused\b",
        "the machine is there, and nothing listens at a door's port",
        "start the proxy or the load balancer there, or correct the door's url: scheme, host and port",
        _WAY,
    ),
    Given(
        "door-silent",
        "network",
        "reach.line.P",
        r"\btimeout\b",
        "a door's name resolves, and nothing comes back from there",
        "let this machine through the firewall or security group before the door, or join the network that it is in",
        _WAY,
    ),
    Given(
        "bucket-key-refused",
        "client",
        "bucket.S",
        r"SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken|InvalidToken|AccessDenied|\b403\b",
        "the key that this suite was given for the bucket may not look into it; MLflow has its own, and may be well",
        "correct access_key and secret_key under [bucket], and let them list, read and delete below the prefix",
    ),
    Given(
        "bucket-unreachable",
        "network",
        "bucket.S",
        "unreachable",
        "the store does not answer this machine; MLflow may reach it all the same",
        "correct endpoint under [bucket], or let this machine reach it; leave [bucket] out if it may not",
    ),
    Given(
        "database-of-each-replica",
        "mlflow",
        "meta.steady.P",
        "now and then",
        "several replicas answer here, each with a database of its own, or reading a copy that lags",
        "start every replica with the same --backend-store-uri, a database server and no file, and no copy for reading",
        frozenset({"REG-059", "REG-001"}),
    ),
)


def unusable(facts: Facts) -> Iterator[Given]:
    """Yield the declared values that cannot be used."""
    return (each for each in GIVEN if each.holds(facts))


def out_of_reach(facts: Facts) -> bool:
    """Return whether no door was reached."""
    line = facts.value("reach.line.P")
    return bool(line) and "open" not in line
