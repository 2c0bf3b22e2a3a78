"""The active rules of one link, reloaded when their file is replaced."""

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
    """What happens to one exchange: the acts, and the rules that they come from (indexes).

    ``waiting`` are rules that depend on the response's status, ``counted`` those that count concurrent exchanges.
    ``place`` is the request's place on its connection, ``at_once`` how many were under way on the link, it included.
    """

    place: int = 1
    at_once: int = 1
    acts: list[Act] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)
    waiting: list[tuple[int, Rule]] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)

    def first(self, kind: type, side: str = "") -> Act | None:
        """Return the first act of a kind, on a side if it has one."""
        return next((act for act in self.acts if isinstance(act, kind) and getattr(act, "side", "") == side), None)


class Rulebook:
    """The rules of a link, how often each matched, and what stateful rules remember.

    ``queue`` is held from request to response if requests go one at a time; ``under_way`` is the number of open
    exchanges.
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
        """Return the plan for a request, the ``place``-th on its connection."""
        self._refresh()
        plan = LinkPlan(place, self.under_way)
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
        """Add the rules that depend on the response's status to a plan."""
        for number, rule in plan.waiting:
            if re.fullmatch(rule.when.status, status) and self._due(number, rule.when):
                plan.acts += rule.acts
                plan.rules.append(number)

    def over(self, plan: LinkPlan) -> None:
        """Note that an exchange has ended; calling it twice is harmless."""
        for number in plan.counted:
            self._under_way[number] = max(0, self._under_way[number] - 1)
        plan.counted.clear()

    def _many(self, number: int, when: When, plan: LinkPlan) -> bool:
        """Count a matching exchange, and return whether the rule's number of concurrent exchanges is reached."""
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
