"""Stale reads: reads that miss a write acknowledged before they were sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from registry_conformance.judge.load.history import History, Operation
from registry_conformance.judge.load.proof import Finding


def stale_reads(history: History) -> Iterator[Finding]:
    """Yield each read that does not show a write acknowledged before it was sent."""
    yield from _single(history)
    yield from _searches(history)


def _single(history: History) -> Iterator[Finding]:
    """Yield stale reads of single versions and artifacts."""
    for one in history.of("get-version", "get"):
        if one.status is None or one.status >= 500 or one.status in (408, 429):
            continue
        if one.status == 404 or (one.acknowledged and one.answer != one.value):
            seen = one.error or f"{one.answer or 'nothing'} in the place of {one.value}"
            yield Finding(f"{one.kind} {one.key}", f"acknowledged before it was asked for, and then {seen}")


def _searches(history: History) -> Iterator[Finding]:
    """Yield searches for the newest versions that miss an acknowledged one."""
    given: dict[str, list[Operation]] = defaultdict(list)
    for one in history.of("version"):
        if one.acknowledged:
            given[one.key].append(one)
    for asked in history.of("search"):
        if not asked.acknowledged:
            continue
        shown = {int(number) for number in asked.answer.split(",") if number.isdigit()}
        before = [int(one.answer) for one in given[asked.key] if one.ended < asked.began and one.answer.isdigit()]
        if before and max(before) not in shown:
            newest = max(shown, default=0)
            yield Finding(f"search for {asked.key}", f"version {max(before)} was there, the newest shown is {newest}")
