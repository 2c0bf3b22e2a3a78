"""However a run is asked to end, what was judged is told: a report, a sentence, no traceback.

That nothing of a stack is left then is asked in ``test_nothing_left.py``.
"""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project, eventually, read_until

FOUR = """
@verifies("ZZZ-001")
@pytest.mark.parametrize("n", range(4))
def test_slow(door, n, tmp_path_factory):
    \"\"\"A request is answered.\"\"\"
    expect_status(door.health(), 200)
    if n > 1:
        open(__file__ + ".begun", "a").close()
        time.sleep(60)
"""


def begun(project: Project) -> None:
    """Wait until a run stands in a check that takes long."""
    mark = project.root / "suites" / "local" / "test_checks.py.begun"
    eventually(mark.exists, "a long check has begun", budget=150)
    time.sleep(0.5)  # the record of the check before it is on its way


def report_of(project: Project) -> dict[str, Any]:
    """Return the report that a run left, all of whose forms must be there."""
    latest = project.root / "reports" / "latest"
    for name in ("index.html", "summary.txt", "junit.xml"):
        assert (latest / name).exists(), name
    found: dict[str, Any] = json.loads((latest / "verdicts.json").read_text())
    return found


@pytest.mark.parametrize(
    ("number", "workers"),
    [(signal.SIGTERM, "-n0"), (signal.SIGTERM, "-n2"), (signal.SIGHUP, "-n2"), (signal.SIGINT, "-n0")],
)
def test_a_run_that_is_asked_to_end_reports(judging: Project, number: signal.Signals, workers: str) -> None:
    """Kind: an end that loses the verdict. SIGTERM, SIGHUP and Ctrl-C end in a report of what was judged until then."""
    judging.checks(FOUR)
    process = judging.start(workers)
    begun(judging)
    process.send_signal(number)
    output, _ = process.communicate(timeout=600)
    report = report_of(judging)
    assert process.returncode == 2, output
    assert "Traceback" not in output
    assert "Interrupted: the run broke off: stopped by" in output
    assert [check["verdict"] for check in report["checks"]].count("passed") >= 1


def test_ctrl_c_twice_reports_too(judging: Project) -> None:
    """Kind: an end that loses the verdict. Ctrl-C to all processes of a terminal, twice in a row, changes nothing."""
    judging.checks(FOUR)
    process = judging.begin(["-n2"], own_session=True)
    begun(judging)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 2, output
    assert "Traceback" not in output
    assert report_of(judging)["exit_code"] == 2


ASKED_THRICE = """
class Insisting:
    def pytest_keyboard_interrupt(self):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

@verifies("ZZZ-001")
@pytest.mark.parametrize("n", range(3))
def test_asked(door, n, request):
    \"\"\"A request is answered.\"\"\"
    expect_status(door.health(), 200)
    if n > 1:
        request.config.pluginmanager.register(Insisting())
        os.kill(os.getpid(), signal.SIGINT)
"""


def test_ctrl_c_three_times_at_once_reports_too(judging: Project) -> None:
    """Kind: an end that loses the verdict. What comes while pytest takes the first is noted, and the code is 2."""
    judging.checks("import os, signal\n" + ASKED_THRICE)
    process = judging.start("-n0")
    output, _ = process.communicate(timeout=600)

    assert process.returncode == 2, output
    assert "Traceback" not in output
    assert report_of(judging)["exit_code"] == 2


def test_folders_of_ended_workers_are_removed(judging: Project) -> None:
    """Kind: an orderly end that leaves more than a kill. A worker that was ended has no time to remove its folder."""
    judging.checks(
        FOUR.replace("def test_slow(door,", "def test_slow(run_id, door,").replace(
            "    if n > 1:\n", '    if n > 1:\n        owned_folder(f"{run_id}-fresh-")\n'
        )
        + "\nfrom registry_conformance.judge.temporary import owned_folder\n"
    )
    process = judging.start("-n2")
    begun(judging)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=600)

    assert process.returncode == 2, output
    assert not [*judging.temporary.glob("verify-*-fresh-*")]


def test_a_reader_that_goes_away_breaks_nothing(judging: Project) -> None:
    """Kind: an output that nobody reads any more. A run whose output is cut off judges on and reports."""
    judging.checks(FOUR.replace("time.sleep(60)", "time.sleep(1)"))
    process = judging.start("-n0")
    read_until(process, "run verify-")
    assert process.stdout
    process.stdout.close()
    process.wait(timeout=600)
    report = report_of(judging)
    assert process.returncode == 0
    assert len(report["checks"]) == 12


def test_a_terminal_that_closes_breaks_nothing(judging: Project) -> None:
    """Kind: an output that nobody reads any more. SIGHUP with the terminal gone ends in a report."""
    judging.checks(FOUR)
    ours, theirs = pty.openpty()
    process = judging.begin(["-n0"], output=theirs)
    os.close(theirs)
    begun(judging)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    process.wait(timeout=600)
    assert report_of(judging)["exit_code"] == 2
    assert process.returncode == 2


def test_a_part_that_dies_unnoticed_is_named(project: Project) -> None:
    """Kind: silence taken for health. A part that no check missed is named all the same, and the exit code is 6."""
    project.checks("""
@verifies("ZZZ-001")
def test_quick(door, stack):
    \"\"\"A request is answered.\"\"\"
    import os, signal
    expect_status(door.health(), 200)
    os.kill(stack.pids()["keys"], signal.SIGKILL)
    time.sleep(0.5)
""")
    code, output = project.run()
    assert code == 6, output
    assert "keys died during the run" in output
    assert "Could not verify: the run broke off: keys died during the run" in output


def test_a_check_that_killed_its_worker_and_then_passed_is_an_error(judging: Project) -> None:
    """Kind: a record that covers another. Of the records of one check the worst counts."""
    judging.checks("""
@verifies("ZZZ-001")
@pytest.mark.parametrize("n", range(3))
def test_once(door, n):
    \"\"\"A request is answered.\"\"\"
    import os, pathlib
    mark = pathlib.Path(__file__ + ".died")
    if n == 1 and not mark.exists():
        mark.touch()
        os._exit(9)
    expect_status(door.health(), 200)
""")
    code, output = judging.run("-n2")
    assert code == 1, output
    verdicts = [check["verdict"] for check in report_of(judging)["checks"]]
    assert verdicts.count("error") == 1, output


def ignored_by_nohup(project: Project) -> subprocess.Popen[str]:
    """Start a run that ignores SIGHUP, as under ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    project.forks = None  # a fork inherits nothing from here
    try:
        return project.start("-n0")
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_was_told_to_ignore_a_closed_terminal_does(judging: Project) -> None:
    """A run under ``nohup`` goes on when its terminal closes."""
    judging.checks(FOUR.replace("time.sleep(60)", "time.sleep(1)"))
    process = ignored_by_nohup(judging)
    begun(judging)
    process.send_signal(signal.SIGHUP)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    assert Path(judging.root / "reports" / "latest").exists()


@pytest.mark.parametrize("asked", [True, False])
def test_who_was_asked_to_end_and_leaves_ignores_who_asks_again(asked: bool) -> None:
    """Kind: an end that loses the verdict. A late second Ctrl-C changes no exit code; without a first one it counts."""
    program = f"""
import os, signal
from registry_conformance.judge.end_requests import EndRequests
requests = EndRequests()
requests.install()
requests.only_note()
if {asked}:
    os.kill(os.getpid(), signal.SIGINT)
requests.remove()
os.kill(os.getpid(), signal.SIGINT)
raise SystemExit(2)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == (2 if asked else -signal.SIGINT)
    assert ("KeyboardInterrupt" in ended.stderr) is not asked
