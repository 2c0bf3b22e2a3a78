"""The progress line: how many checks are done, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

import pytest
from _pytest.terminal import TerminalReporter

from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.time_left import KNOWN_AFTER, KNOWN_FROM, in_words
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session.bar import Bar

_SECONDS_BETWEEN_LINES = 10.0
_KNOWN = 0.9
"""The share of the remaining checks that must have run before."""
_RED_SHOWN = 5
_RED = {Verdict.INCONCLUSIVE, Verdict.FAILED, Verdict.ERROR}


class Progress:
    """Shows finished checks, failures at once, and the time left when it can be estimated.

    The estimate is the time that the remaining checks took last time, scaled by this run's speed and divided by the
    workers. It is shown only if the checks have run here before, after ten seconds and a twentieth of the run: long
    checks come first, so the number of checks alone says little. A terminal gets a progress bar, other outputs a line
    at intervals.
    """

    def __init__(
        self,
        terminal: TerminalReporter,
        workers: int,
        last_time: Mapping[str, float],
        register: Register,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._terminal = terminal
        self._workers = max(workers, 1)
        self._last_time = last_time
        self._register = register
        self._clock = clock
        self._due: dict[str, float | None] = {}
        self._number_done = 0
        self._took = self._took_last_time = 0.0
        """Seconds of the checks that are done and have run before: now, and then."""
        self._red = 0
        self._broken_doors: frozenset[str] = frozenset()
        self._bar = Bar(terminal._tw._file) if terminal.isatty else None
        self._began = self._printed = clock()

    def expect(self, nodeids: list[str]) -> None:
        """Learn the checks of the run."""
        self._due = {nodeid: self._last_time.get(nodeid) for nodeid in nodeids}
        self._began = self._clock()

    def ignore_doors(self, broken_doors: Iterable[str]) -> None:
        """Do not report checks at these doors as failed: the broken doors are reported once."""
        self._broken_doors = frozenset(broken_doors)

    def done(self, record: CheckRecord) -> None:
        """Record and show a finished check."""
        last_time = self._due.pop(record.nodeid, None)
        self._number_done += 1
        if last_time is not None:
            self._took += record.seconds
            self._took_last_time += last_time
        unsent = record.verdict is Verdict.INCONCLUSIVE and record.door in self._broken_doors
        if record.verdict in _RED and not unsent:
            self._red += 1
            if self._red <= _RED_SHOWN:
                more = "\n(further failures are counted here and listed at the end)" if self._red == _RED_SHOWN else ""
                self._say(f"{record.verdict}: {self._title(record)}\n    {record.nodeid}{more}", red=True)
        if self._bar:
            self._bar.show(self._number_done, self._number_done + len(self._due), self.line())
        elif self._clock() - self._printed > _SECONDS_BETWEEN_LINES:
            self._say(f"  {self.line()}")

    def line(self) -> str:
        """Return the current progress line."""
        total = self._number_done + len(self._due)
        red = f"{self._red} red" if self._red else ""
        return ", ".join(filter(None, (f"{self._number_done} of {total} checks", red, self.left())))

    def left(self) -> str:
        """Return the time left in words, empty if unknown."""
        if not self._due:
            return "done"
        known = [seconds for seconds in self._due.values() if seconds is not None]
        over = self._took_last_time / (self._took_last_time + sum(known) or 1.0)
        if len(known) < _KNOWN * len(self._due) or over < KNOWN_FROM or self._clock() - self._began < KNOWN_AFTER:
            return ""
        return in_words(sum(known) * self._took / self._took_last_time / self._workers)

    def end(self) -> None:
        """Remove the bar."""
        if self._bar:
            self._bar.end()

    def _title(self, record: CheckRecord) -> str:
        names = record.requirements[:1]
        return " ".join(f"{name} {self._register[name].text}" for name in names if name in self._register)

    def _say(self, text: str, red: bool = False) -> None:
        if self._bar:
            self._bar.say(text, red=red)
        else:
            self._terminal.ensure_newline()
            self._terminal.write_line(text, red=red)
        self._printed = self._clock()


def silence_pytest(terminal: TerminalReporter, config: pytest.Config) -> None:
    """Replace pytest's dots and tracebacks by the progress line and the summary, unless others were requested."""
    terminal.showfspath = False
    if (reconfigure := getattr(terminal._tw._file, "reconfigure", None)) is not None:
        reconfigure(line_buffering=True)  # a pipe is read while the run lasts
    config._inicache["console_output_style"] = "classic"  # no public way to drop the percentage
    if config.option.tbstyle == "auto":
        config.option.tbstyle = "no"
    if config.option.reportchars == "fE":
        terminal.reportchars = ""
