"""``scripts/nightly`` as cron starts it, on a project with a small suite of its own.

Runs judge a server of ours: what a night does with a run is asked here. One has a stack, whose end is asked too.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from registry_conformance.proof.nightly.night import BusyError, alone
from tests.conftest import Project, eventually, processes_of, read_until
from tests.test_nightly_parts import chat

GOOD_CHECK = """
@verifies("ZZZ-001")
def test_good(target):
    \"\"\"A door is there.\"\"\"
    assert target.doors
"""
CHECKS = f"""{GOOD_CHECK}
@verifies("ZZZ-001")
def test_bad(target):
    \"\"\"A door is named so.\"\"\"
    expect_equal(target.doors[0].name, "another", "name of the door")
"""
SLOW = """
@verifies("ZZZ-001")
def test_slow(target):
    \"\"\"A door is there for long.\"\"\"
    time.sleep(60)
"""
GIVEN = 'options = ["--store=moto", "-p", "given_target"]'
OWN_STACK = 'options = ["--store=moto"]'
PLAN = f"""
keep = 2
webhook = "HOOK"
[[target]]
name = "green"
stack = "embedded"
options = ["--store=moto", "-p", "given_target", "-k", "good"]
[[target]]
name = "broken"
stack = "no-such-stack"
[[target]]
name = "red"
stack = "embedded"
{GIVEN}
"""
GREEN = PLAN.partition('[[target]]\nname = "broken"')[0]


class NightlyProject:
    """A project with a plan, and a way to run its nights."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.reports = project.root / "reports"
        self.plan(PLAN)

    def plan(self, text: str) -> None:
        """Write the plan."""
        (self.project.root / "nightly.toml").write_text(text)

    def start(self, *arguments: str, hook: str = "") -> subprocess.Popen[str]:
        """Start a night."""
        return self.project.python(
            ["-m", "registry_conformance", "nightly", *arguments],
            env=os.environ | {"TMPDIR": str(self.project.temporary), "HOOK": hook, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *arguments: str, hook: str = "") -> tuple[int, str]:
        """Run a night; return exit code and output."""
        process = self.start(*arguments, hook=hook)
        output, _ = process.communicate(timeout=600)
        return process.returncode, output

    def latest(self) -> dict[str, Any]:
        """Return the record of the last night."""
        found: dict[str, Any] = json.loads((self.reports / "nights" / "latest" / "night.json").read_text())
        return found


def under_way(nightly: NightlyProject) -> tuple[subprocess.Popen[str], str]:
    """Start a night, wait until its target ``slow`` is judged, and return its process and that run's id."""
    process = nightly.start()
    read_until(process, r"^slow: stack embedded \.\.\.")
    log = next((nightly.reports / "nights").glob("night-*")) / "slow.log"
    eventually(lambda: log.is_file() and "judged: " in log.read_text(), "the slow run is under way", 60)
    run = re.search(r"run (verify-\S+):", log.read_text())
    assert run
    return process, run[1]


def lives(run_id: str) -> bool:
    """Return whether a run is under way: its own process, or a part of its stack."""
    return bool(processes_of(run_id)) or any(
        f"--run-id={run_id}" in (process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    )


def free(reports: Path) -> bool:
    """Return whether a night could start."""
    try:
        with alone(reports):
            return True
    except BusyError:
        return False


@pytest.fixture
def nightly(judging: Project) -> NightlyProject:
    """A project with a plan of three targets: one good, one that cannot start, one bad."""
    judging.checks(CHECKS)
    return NightlyProject(judging)


def test_three_nights(nightly: NightlyProject) -> None:
    """A failing target stops no other, all is on one page, and the webhook is told when something changed only."""
    with chat(503) as (url, told):
        code, said = nightly.run(hook=url)
        first, log = nightly.latest(), (nightly.reports / "nights" / "latest" / "broken.log").read_text()
        nightly.project.checks(CHECKS.replace('"another"', '"canonical"'))
        second_code, second_said = nightly.run("--only=red", hook=url)
        third_code, third_said = nightly.run("--only=red", hook=url)
    assert code == 1, said
    assert [(each["name"], each["exit_code"]) for each in first["targets"]] == [("green", 0), ("broken", 4), ("red", 1)]
    assert "no-such-stack: unknown; use one of auto" in log
    assert (second_code, third_code) == (0, 0), second_said
    assert [each["changed"] for each in told] == [["broken", "red"], ["broken", "red"], ["red"]]
    assert "nothing changed" in third_said
    assert url not in said + second_said + json.dumps(first)
    files = [file for file in nightly.reports.rglob("*") if file.is_file()]
    assert [file for file in files if b"a-secret-of-ours" in file.read_bytes()] == []
    assert (nightly.reports / "nights" / "latest" / "red" / "index.html").is_file()
    assert len(list((nightly.reports / "nights").glob("night-*"))) == 2
    digest = (nightly.reports / "nights" / "latest" / "digest.md").read_text()
    assert "1 of 1 targets are fit to serve" in digest
    assert 'href="red/index.html"' in (nightly.reports / "nights" / "latest" / "index.html").read_text()


def test_interrupted_night_goes_on(nightly: NightlyProject) -> None:
    """An interrupt ends the run under way; another night is refused meanwhile; the rest comes later."""
    nightly.project.forks = None  # a run is looked for by how its process was started
    nightly.project.checks(CHECKS + SLOW)
    nightly.plan(f'{GREEN}[[target]]\nname = "slow"\nstack = "embedded"\n{GIVEN}\n')
    process, run = under_way(nightly)
    assert lives(run)  # control: it can be seen
    try:
        code, said = nightly.run()
        assert (code, "another night is under way" in said) == (6, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 2
    finally:
        process.kill()
        process.communicate()
    eventually(lambda: not lives(run), "the interrupted run is gone")
    nightly.project.checks(GOOD_CHECK)
    code, said = nightly.run("--resume")

    assert code == 0, said
    assert "1 targets are done" in said
    assert [each["name"] for each in nightly.latest()["targets"]] == ["green", "slow"]
    assert nightly.run("--only=green", "--resume")[1].startswith("no night was interrupted")


def test_killed_night_takes_its_run_along(nightly: NightlyProject) -> None:
    """The run of a night that is killed is interrupted and leaves nothing; the night goes on where it was."""
    nightly.project.forks = None  # a run is looked for by how its process was started
    nightly.project.checks(CHECKS + SLOW)
    slow = f'{GREEN}[[target]]\nname = "slow"\nstack = "embedded"\n'
    nightly.plan(slow + OWN_STACK)
    process, run = under_way(nightly)
    assert processes_of(run)  # control: it has a stack
    process.kill()
    process.communicate()
    eventually(lambda: not lives(run), "the run of the killed night is gone, with its stack", 30)
    eventually(lambda: free(nightly.reports), "the lock is free", 30)
    nightly.project.checks(GOOD_CHECK)
    nightly.plan(slow + GIVEN)
    code, said = nightly.run("--resume")

    assert code == 0, said
    assert "1 targets are done" in said
    assert [each["name"] for each in nightly.latest()["targets"]] == ["green", "slow"]


def test_run_that_takes_too_long_is_ended(nightly: NightlyProject) -> None:
    """A target beyond its minutes is ended, could not be verified, and leaves nothing running."""
    nightly.project.forks = None  # a run is looked for by how its process was started
    nightly.project.checks(SLOW)
    nightly.plan(f'[[target]]\nname = "slow"\nstack = "embedded"\n{GIVEN}\nminutes = 0.2\n')
    code, said = nightly.run()
    log = (nightly.reports / "nights" / "latest" / "slow.log").read_text()

    assert code == 6, said
    assert "not finished after 0.2 minutes, and ended" in said
    found = re.search(r"run (verify-\S+):", log)
    assert not found or not lives(found[1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only=x"], "--only=x: no such target"),
        (["--plan=gone.toml"], "gone.toml: cannot be read"),
        (["--no"], "--no"),
    ],
)
def test_bad_option_is_refused(nightly: NightlyProject, arguments: list[str], words: str) -> None:
    """A bad option or plan ends with exit code 4 and words, before anything runs."""
    code, said = nightly.run(*arguments)

    assert (code, words in said, "Traceback" in said) == (4, True, False)
    assert not Path(nightly.reports / "nights").exists()
