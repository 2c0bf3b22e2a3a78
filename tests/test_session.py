"""How a run ends, what it was given, and what its live line says."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import cast

import psutil
import pytest
from _pytest.terminal import TerminalReporter

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import RUN_VARIABLE, new_run_id
from registry_conformance.judge.output import RobustOutput
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Capability, Target
from registry_conformance.judge.verdict import Verdict, merge
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.run.session.exit_codes import Exit, exit_code
from registry_conformance.run.session.fitted import folded
from registry_conformance.run.session.header import judged
from registry_conformance.run.session.progress import Progress
from tests.conftest import Project, eventually, processes_of

V = Verdict


@pytest.mark.parametrize(
    ("pytest_says", "verdicts", "problem", "leftovers", "code"),
    [
        (0, [V.PASSED, V.INAPPLICABLE], "", False, Exit.OK),
        (1, [V.PASSED, V.FAILED], "", False, Exit.FAILED),
        (1, [V.PASSED, V.ERROR], "", False, Exit.FAILED),
        (1, [V.FAILED, V.INCONCLUSIVE], "", False, Exit.FAILED),
        (1, [V.PASSED, V.INCONCLUSIVE], "", False, Exit.COULD_NOT_VERIFY),
        (0, [V.INAPPLICABLE], "", False, Exit.NOTHING_VERIFIED),
        (5, [], "", False, Exit.NOTHING_VERIFIED),
        (0, [], "", False, Exit.NOTHING_VERIFIED),
        (1, [V.PASSED], "", False, Exit.FAILED),
        (2, [V.PASSED], "", False, Exit.INTERRUPTED),
        (2, [V.PASSED], "proxy died", False, Exit.COULD_NOT_VERIFY),
        (1, [V.FAILED], "proxy died", False, Exit.COULD_NOT_VERIFY),
        (3, [V.PASSED], "", False, Exit.INTERNAL),
        (4, [], "", False, Exit.USAGE),
        (0, [V.PASSED], "", True, Exit.LEFT_BEHIND),
        (1, [V.FAILED], "", True, Exit.FAILED),
    ],
)
def test_exit_codes(pytest_says: int, verdicts: list[Verdict], problem: str, leftovers: bool, code: Exit) -> None:
    """Refused is not the same as broke, and nothing verified is never green."""
    assert exit_code(pytest_says, verdicts, problem, leftovers) == code


def test_verdicts_merge_to_the_worst() -> None:
    """Merging is ``max``; of nothing it is untested."""
    assert merge([]) == V.UNTESTED
    assert merge([V.INAPPLICABLE, V.PASSED]) == V.PASSED
    assert merge([V.PASSED, V.INCONCLUSIVE, V.INAPPLICABLE]) == V.INCONCLUSIVE
    assert [str(verdict) for verdict in sorted(Verdict)][-2:] == ["failed", "error"]


def test_time_left_comes_from_the_last_run(request: pytest.FixtureRequest) -> None:
    """What is still to come is estimated by its own last duration at this run's pace, shared by the workers."""
    now = [0.0]
    terminal = TerminalReporter(request.config, io.StringIO())
    progress = Progress(terminal, 2, {"a": 30.0, "b": 10.0}, Register({}, ""), lambda: now[0])
    progress.expect(["a", "b"])
    progress.done(CheckRecord("b", (), Verdict.PASSED, 20.0))
    assert progress.line() == "1 of 2 checks"  # too early to say
    now[0] = 11.0
    assert progress.line() == "1 of 2 checks, about 30 s left"
    progress.done(CheckRecord("a", (), Verdict.FAILED, 4.0))
    assert progress.line() == "2 of 2 checks, 1 red, done"


def test_time_left_is_not_told_if_it_cannot_be_known(request: pytest.FixtureRequest) -> None:
    """Of checks that have never run here nobody knows how long they take, however many are done."""
    now = [0.0]
    terminal = TerminalReporter(request.config, io.StringIO())
    progress = Progress(terminal, 1, {"a": 3.0}, Register({}, ""), lambda: now[0])
    progress.expect(["a", "b", "c"])
    now[0] = 60.0
    progress.done(CheckRecord("a", (), Verdict.PASSED, 60.0))
    assert progress.line() == "1 of 3 checks"


def test_a_terminal_has_a_bar_below_what_is_red(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal what is red stands above a bar with the counts, which is gone in the end; NO_COLOR is heeded."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    written = io.StringIO()
    monkeypatch.setattr(written, "isatty", lambda: True)
    clean = cast("io.StringIO", RobustOutput(written))
    progress = Progress(TerminalReporter(request.config, clean), 1, {}, Register({}, ""), lambda: 0.0)
    progress.expect(["a[x]", "b"])
    progress.done(CheckRecord("a[x]", (), V.FAILED, 1.0))
    shown = written.getvalue()
    progress.end()

    assert shown.index("    a[x]\n") < shown.index("1 of 2 checks, 1 red")
    assert "\x1b[31m" not in shown
    assert written.getvalue().splitlines()[-1].endswith("\x1b[2K")
    assert "\\x" not in written.getvalue()


def test_check_at_a_broken_door_is_not_told_as_red(request: pytest.FixtureRequest) -> None:
    """That a door is broken is said once: its unsent checks are counted as done and not as red, all others are."""
    written = io.StringIO()
    progress = Progress(TerminalReporter(request.config, written), 1, {}, Register({}, ""), lambda: 0.0)
    progress.ignore_doors(["literal"])
    progress.expect(["a", "b", "c"])
    for nodeid, verdict, door in (
        ("a", V.INCONCLUSIVE, "literal"),
        ("b", V.FAILED, "literal"),
        ("c", V.INCONCLUSIVE, "canonical"),
    ):
        progress.done(CheckRecord(nodeid, (), verdict, 1.0, door=door))

    assert progress.line() == "3 of 3 checks, 2 red, done"
    assert "inconclusive: \n    c" in written.getvalue()
    assert "    a" not in written.getvalue()


def test_no_plugin_joins_in_unasked(tmp_path: Path) -> None:
    """A plugin that happens to be installed takes no part in a run."""
    facts = tmp_path / "stranger-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[pytest11]\nstranger = stranger\n")
    (tmp_path / "stranger.py").write_text("raise RuntimeError('the stranger came in')\n")
    command = [sys.executable, "-m", "pytest", "--markers"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "@pytest.mark.verifies" in done.stdout


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the kernel's parent-death signal is Linux's")
def test_a_killed_supervisor_takes_its_parts_along() -> None:
    """Not even a supervisor killed with SIGKILL leaves a part behind."""
    run_id = new_run_id()
    stack = OwnedStack(StackRequest(run_id))
    try:
        pids = stack.pids()
        supervisor = psutil.Process(pids["proxy"]).ppid()
        assert psutil.Process(supervisor).environ()[RUN_VARIABLE] == run_id
        os.kill(supervisor, signal.SIGKILL)
        eventually(lambda: processes_of(run_id) == [], "no process of the run is left")
    finally:
        stack.close()
    assert list(Path(tempfile.gettempdir()).glob(f"{run_id}-*")) == []


def test_lines_fit_the_terminal() -> None:
    """A long line is folded between words, below its own beginning; a command stays whole, to be copied."""
    assert folded("  fix:      add the route to every door", 24) == ["  fix:      add the", "    route to every door"]
    assert folded("  rerun:  pytest 'suites/contract/area/test_area.py'", 24) == [
        "  rerun:  pytest 'suites/contract/area/test_area.py'"
    ]


def test_a_run_of_a_part_ends_in_two_lines(judging: Project) -> None:
    """With -k, and with -q, nothing but counts and one sentence follows pytest's own last line."""
    judging.checks('@verifies("ZZZ-001")\ndef test_works(): pass\n\n@verifies("ZZZ-001")\ndef test_other(): pass\n')
    for option in ("-kworks", "-q"):
        code, said = judging.run(option)
        lines = [line for line in said.split("passed", 1)[1].splitlines()[1:] if line]

        assert code == 0, said
        assert len(lines) == 2, said
        assert lines[0].startswith("Checks: ")


def test_what_a_target_lacks_is_named_in_one_line() -> None:
    """The head of a run names what the target does not offer, and leaves the reasons to the page."""
    lacking = {"store": Capability(False, "a long story"), "logs": Capability(True)}
    lines = judged(Target("a target", "live", (), {}, capabilities=lacking))

    assert "capabilities: logs" in lines
    assert lines[-1].startswith("not available: store; ")
