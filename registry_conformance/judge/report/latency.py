"""The latency that the proxy adds: the same requests at the doors and at the origin in one run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import urlsplit

from registry_conformance.judge.evidence.items import EvidenceItem
from registry_conformance.judge.report.record import RunRecord

ORIGIN = "origin"
_MOST = 2000
Asked = tuple[str, str, int | None]
"""Method, path behind the door, and status."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds of requests that one check sent both to the origin and to a door: ``doors`` name -> (door, origin)."""

    doors: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = field(default_factory=dict)

    def ratio(self, door: str) -> float:
        """Return the door's median divided by the origin's."""
        here, there = self.doors[door]
        return median(here) / median(there)

    @property
    def origin(self) -> tuple[float, ...]:
        """All seconds at the origin."""
        return tuple(second for _, there in self.doors.values() for second in there)


def latency(run: RunRecord) -> Latency:
    """Return the latencies of a run, at most 2,000 requests a door; no doors if the origin was not used."""
    prefixes = {name: urlsplit(url).path.rstrip("/") for name, url in (run.target.get("doors") or {}).items()}
    seen: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for record in run.records:
        asked = _seconds_by_request(record.evidence, prefixes)
        there = asked.pop(ORIGIN, {})
        for door, requests in asked.items():
            here, beside = seen[door]
            for request in requests.keys() & there.keys():
                here += requests[request]
                beside += there[request]
    return Latency(
        {
            door: (tuple(here[:_MOST]), tuple(there[:_MOST]))
            for door, (here, there) in sorted(seen.items())
            if here and min(median(here), median(there)) > 0
        }
    )


def _seconds_by_request(
    evidence: Iterable[EvidenceItem], prefixes: Mapping[str, str]
) -> dict[str, dict[Asked, list[float]]]:
    """Return door -> request -> its seconds, for complete responses below 500."""
    found: dict[str, dict[Asked, list[float]]] = defaultdict(lambda: defaultdict(list))
    for item in evidence:
        if item["kind"] != "exchange" or item.get("error") or (item["status"] or 500) >= 500:
            continue
        door, url = str(item["door"]), urlsplit(str(item["url"]))
        if door in prefixes or door == ORIGIN:
            path = url.path.removeprefix(prefixes.get(door, ""))
            found[door][str(item["method"]), f"{path}?{url.query}", item["status"]].append(float(item["seconds"]))
    return found
