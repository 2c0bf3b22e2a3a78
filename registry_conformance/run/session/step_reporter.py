"""Prints the steps of a run as they happen, numbered."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from typing import Any, TextIO

import pytest

from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.verdict import Verdict

_WORDS = {
    Verdict.PASSED: "ok",
    Verdict.INAPPLICABLE: "not tested",
    Verdict.INCONCLUSIVE: "could not tell",
    Verdict.FAILED: "FAILED",
    Verdict.ERROR: "the suite broke",
}
_WIDTH = 72
_LINE, _INDENT = 116, 7


class StepReporter:
    """Prints each check as a step: number, claim, result, duration, and the reason if it failed.

    Both a pytest plugin and the progress of a controller. ``records`` has the results, in order.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._claims: dict[str, str] = {}
        self._told = ""
        self.records: list[CheckRecord] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Replace the progress line."""
        config.stash[TELLER] = self

    def pytest_collection_finish(self, session: Any) -> None:
        """Learn the steps."""
        self._claims = {item.nodeid: inspect.getdoc(item.function) or item.name for item in session.items}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Print the step that begins."""
        number = f"{len(self.records) + 1:>2}/{len(self._claims)}"
        claim = self._claims.get(nodeid, nodeid).splitlines()[0].rstrip(".")
        self._print(f"{number}  {claim:<{_WIDTH}}  ", end="")

    def expect(self, nodeids: Sequence[str]) -> None:
        """Do nothing: the steps come from the collected checks."""

    def done(self, record: CheckRecord) -> None:
        """Print the result of a step."""
        self.records.append(record)
        self._print(f"{_WORDS[record.verdict]:<14} {record.seconds:5.1f} s")
        if record.verdict in (Verdict.FAILED, Verdict.ERROR):
            self._explain("expected: ", record.expected)
            self._explain("actual:   ", record.actual)
        elif record.verdict != Verdict.PASSED:
            why = record.message if record.verdict == Verdict.INAPPLICABLE else record.actual
            if why != self._told:  # consecutive steps with the same precondition report it once
                self._explain("", why)
            self._told = why

    def end(self) -> None:
        """Print an empty line between steps and summary."""
        self._print("")

    def _explain(self, label: str, text: str) -> None:
        indent = " " * _INDENT
        self._print(
            textwrap.fill(
                label + " ".join(text.split()),
                _LINE,
                initial_indent=indent,
                subsequent_indent=indent + " " * len(label),
                break_long_words=False,
                break_on_hyphens=False,
            )
        )

    def _print(self, text: str, end: str = "\n") -> None:
        print(text, end=end, file=self._out, flush=True)


TELLER: pytest.StashKey[StepReporter] = pytest.StashKey()
"""Who tells the checks of a run instead of the live line."""
