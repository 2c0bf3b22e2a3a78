"""What one process of a run sent, as it is written down and read again."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from registry_conformance.judge.evidence.exchange import Exchange

Lanes = list[list["Sent"]]
"""Requests that were under way at the same time: each lane holds those that followed one another."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request and its answer.

    ``target`` is path and query, ``body`` the first 256 KiB of ``size`` bytes; ``started`` is in seconds since the
    epoch. ``status`` is ``None`` if there was no answer.
    """

    method: str
    door: str
    target: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    size: int
    status: int | None
    answer: bytes = field(repr=False)
    started: float
    seconds: float

    @classmethod
    def of(cls, exchange: Exchange) -> Sent:
        """Return what is to be sent again of an exchange."""
        url = urlsplit(exchange.url)
        return cls(
            exchange.method,
            exchange.door,
            url.path + (f"?{url.query}" if url.query else ""),
            exchange.request_headers,
            exchange.request_body.head,
            exchange.request_body.size,
            exchange.status,
            exchange.content,
            exchange.started,
            exchange.seconds,
        )

    @property
    def ended(self) -> float:
        """When its answer was there, in seconds since the epoch."""
        return self.started + self.seconds


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one process sent, in the order in which it was begun, and the keys of its target by role."""

    keys: Mapping[str, str] = field(repr=False)
    sent: Sequence[Sent]

    def write(self, file: Path) -> None:
        """Write it down for its owner alone."""
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            pickle.dump(self, opened)

    @classmethod
    def read(cls, file: Path) -> Traffic:
        """Return what was written down by this bench."""
        traffic = pickle.loads(file.read_bytes())  # noqa: S301 - written by a run that this bench started
        assert isinstance(traffic, cls)
        return traffic

    def groups(self) -> Iterator[Lanes]:
        """Yield requests that were under way at once, group after group: nothing of a group overlaps another group."""
        lanes: Lanes = []
        for each in self.sent:
            if all(lane[-1].ended <= each.started for lane in lanes) and lanes:
                yield lanes
                lanes = []
            free = next((lane for lane in lanes if lane[-1].ended <= each.started), None)
            if free is None:
                lanes.append(free := [])
            free.append(each)
        if lanes:
            yield lanes
