"""What a case touches while it runs: the traffic on the links, and the statements of the parts' source."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.clients.json_lines import whole_lines
from registry_conformance.judge.target.target import Target
from registry_conformance.proof.mutants.families import tokens

_LATE = 0.03
"""Seconds that a link may take to write down an exchange whose answer has arrived."""


@dataclass(slots=True)
class Touched:
    """What was touched, and the seconds that it took."""

    tokens: frozenset[str] = frozenset()
    seconds: float = 0.0

    def add(self, other: Touched) -> None:
        """Count what another one touched as well."""
        self.tokens |= other.tokens
        self.seconds += other.seconds


class Touching:
    """A plugin that attributes what is recorded on ``targets`` to the case and to the fixtures that are set up then."""

    def __init__(self, targets: Callable[[], Sequence[Target]], noted: Path) -> None:
        self._targets = targets
        self._noted = noted
        self._read = {file: file.stat().st_size for file in self._files() if file.exists()}
        self._open: list[Touched] = []
        self._of_fixtures: dict[int, Touched] = {}
        self._used: set[int] = set()

    @contextmanager
    def case(self, item: pytest.Item) -> Iterator[Touched]:
        """Attribute what happens in the block to a case; complete when the block is over."""
        with self._collected() as touched:
            yield touched
        fixtures = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - only functions have it
        for definition in {id(each): each for several in fixtures.values() for each in several}.values():
            shared = self._of_fixtures.get(id(definition))
            if shared is not None and definition.scope != "function":
                touched.tokens |= shared.tokens
                touched.seconds += 0.0 if id(definition) in self._used else shared.seconds
        self._used.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Attribute what happens meanwhile to the fixture, too."""
        with self._collected() as touched:
            result = yield
        self._of_fixtures[id(fixturedef)] = touched
        self._used.add(id(fixturedef))
        return result

    @contextmanager
    def _collected(self) -> Iterator[Touched]:
        self._note()
        touched, began = Touched(), time.monotonic()
        self._open.append(touched)
        try:
            yield touched
        finally:
            touched.seconds = time.monotonic() - began
            time.sleep(_LATE)
            self._note()
            self._open.pop()

    def _note(self) -> None:
        found = self._since()
        for each in self._open:
            each.tokens |= found

    def _since(self) -> frozenset[str]:
        """Return what was touched since the last call."""
        found: set[str] = set()
        for target in self._targets():
            for link, file in target.records.items():
                for line in self._lines(file):
                    found.update(tokens(link, json.loads(line)))
        found.update(self._lines(self._noted))
        return frozenset(found)

    def _files(self) -> list[Path]:
        return [self._noted, *(file for target in self._targets() for file in target.records.values())]

    def _lines(self, file: Path) -> list[str]:
        if not file.exists():
            return []
        start = self._read.get(file, 0)
        start = 0 if start > file.stat().st_size else start
        lines = whole_lines(file, start)
        self._read[file] = start + sum(len(line.encode()) + 1 for line in lines)
        return lines
