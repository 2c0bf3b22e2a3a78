"""The rules in force on one link, read again whenever their file is replaced."""

from __future__ import annotations

import asyncio
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from registry_conformance.lab.disturbance import Act, Rule, When
from registry_conformance.lab.stack.link.message import Message


@dataclass
class LinkPlan:
    """What becomes of one exchange: the acts, and which rules they come from (their places in the book).

    ``waiting`` are rules that depend on the answer's status, ``counted`` those that count what is under way.
    """

    acts: list[Act] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)
    waiting: list[tuple[int, Rule]] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)

    def first(self, kind: type, side: str = "") -> Act | None:
        """Return the first act of a kind, on a side if it has one."""
        return next((act for act in self.acts if isinstance(act, kind) and getattr(act, "side", "") == side), None)


class Rulebook:
    """A link's rules, how often each was met, and what it remembers for those that remember.

    ``queue`` is held from request to answer where requests go one at a time; ``under_way`` is how many requests are not
    answered yet.
    """

    def __init__(self, file: Path, link: str) -> None:
        self._file = file
        self._link = link
        self._read: tuple[int, int] = (0, 0)
        self._rules: tuple[Rule, ...] = ()
        self._met: Counter[int] = Counter()
        self._under_way: Counter[int] = Counter()
        self.remembered: dict[str, bytes] = {}
        self.queue = asyncio.Lock()
        self.under_way = 0

    def plan(self, request: Message, place: int = 1) -> LinkPlan:
        """Return what the rules in force make of a request, of which ``place`` - 1 went before on its connection."""
        self._refresh()
        plan = LinkPlan()
        for number, rule in enumerate(self._rules):
            when = rule.when
            due = place >= when.place and self.under_way >= when.at_once and _fits(when, request)
            if due and self._many(number, when, plan):
                if when.status:
                    plan.waiting.append((number, rule))
                elif self._due(number, when):
                    plan.acts += rule.acts
                    plan.rules.append(number)
        return plan

    def answered(self, plan: LinkPlan, status: str) -> None:
        """Add to a plan what depends on the answer's status."""
        for number, rule in plan.waiting:
            if re.fullmatch(rule.when.status, status) and self._due(number, rule.when):
                plan.acts += rule.acts
                plan.rules.append(number)

    def over(self, plan: LinkPlan) -> None:
        """Note that an exchange is no longer under way; calling it twice is harmless."""
        for number in plan.counted:
            self._under_way[number] = max(0, self._under_way[number] - 1)
        plan.counted.clear()

    def _many(self, number: int, when: When, plan: LinkPlan) -> bool:
        """Count an exchange that fits, and return whether so many are under way as the rule asks for."""
        if when.together < 2:
            return True
        self._under_way[number] += 1
        plan.counted.append(number)
        return self._under_way[number] >= when.together

    def _due(self, number: int, when: When) -> bool:
        place = self._met[number] - when.skip
        self._met[number] += 1
        return place >= 0 and not (when.times and place >= when.times) and (place + 1) % when.every == 0

    def _refresh(self) -> None:
        said = self._file.stat()
        if (said.st_ino, said.st_mtime_ns) != self._read:
            self._read = (said.st_ino, said.st_mtime_ns)
            self._rules = tuple(read_rules(self._file, self._link))
            self._met.clear()
            self._under_way.clear()
            self.remembered.clear()


def read_rules(file: Path, link: str) -> Iterator[Rule]:
    """Return a link's rules from the file that the stack wrote."""
    yield from pickle.loads(file.read_bytes()).get(link, ())  # noqa: S301 - the supervisor wrote it


def _fits(when: When, request: Message) -> bool:
    method, target, _ = request.head.split(" ", 2)
    if when.methods and method not in when.methods:
        return False
    if when.at_least and int(request.header("content-length") or 0) < when.at_least:
        return False
    if when.header and not re.search(when.header[1], request.value(when.header[0]), re.IGNORECASE):
        return False
    return bool(re.search(when.path, target))
