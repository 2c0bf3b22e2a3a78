"""Stale reads: reads that miss a write acknowledged before they were sent."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from itertools import accumulate

from registry_conformance.judge.load.history import History
from registry_conformance.judge.load.proof import Finding
from registry_conformance.judge.load.users import NEWEST


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
    given: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in history.of("version"):
        if one.acknowledged and one.answer.isdigit():
            given[one.key].append((one.ended, int(one.answer)))
    newest = {model: _Newest(told) for model, told in given.items()}
    for asked in history.of("search"):
        if not asked.acknowledged or asked.key not in newest:
            continue
        before = newest[asked.key].before(asked.began)
        shown = {int(number) for number in asked.answer.split(",") if number.isdigit()}
        if before and before not in shown and not _is_filled_by_newer(shown, before):
            yield Finding(
                f"search for {asked.key}", f"version {before} was there, the newest shown is {max(shown, default=0)}"
            )


def _is_filled_by_newer(shown: Set[int], version: int) -> bool:
    """Return whether so many newer versions are shown that there was no room for this one."""
    return len(shown) >= NEWEST and min(shown) > version


class _Newest:
    """The newest version of a model at each moment, from when each was acknowledged and its number."""

    def __init__(self, told: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(told)
        self._ended = [ended for ended, _ in ordered]
        self._newest = list(accumulate((number for _, number in ordered), max))

    def before(self, moment: int) -> int:
        """Return the newest version that was acknowledged before a moment, 0 for none."""
        place = bisect_left(self._ended, moment)
        return self._newest[place - 1] if place else 0
