"""The workflows and timers that others start the suite by: valid, pinned, and with no more rights than they need."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from registry_conformance.proof.nightly.plan import NightlyPlan
from tests.optional import need
from tests.tree import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ENVIRONMENTS = ROOT / "suites" / "live" / "environments"
EXAMPLES = ROOT / "docs" / "examples"
ACTIONLINT = shutil.which("actionlint")
MISSING = (
    "actionlint is not installed; with Go: go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7, "
    "and put its folder on PATH"
)


def linted(*command: str) -> tuple[int, str]:
    """Run a linter and return exit code and output."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    return done.returncode, done.stdout + done.stderr


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """The workflows are valid; a broken one is not."""
    need(ACTIONLINT, MISSING)
    assert ACTIONLINT
    assert linted(ACTIONLINT, *map(str, WORKFLOWS)) == (0, "")
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:"))
    assert linted(ACTIONLINT, str(broken))[0] == 1


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    """The audit has no finding; a workflow with every right, and one that runs what an event says, has some."""
    zizmor = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--no-progress", "--persona=pedantic"]
    code, said = linted(*zizmor, *map(str, WORKFLOWS))
    assert code == 0, said
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text().replace("permissions: {}", "permissions: write-all"))
    assert linted(*zizmor, str(broken))[0] != 0


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_rights_are_the_least_and_actions_are_pinned(file: Path) -> None:
    """No workflow may write anything, every action is pinned by commit, and none keeps credentials."""
    document = yaml.safe_load(file.read_text())

    assert document["permissions"] == {}
    assert [job["permissions"] for job in document["jobs"].values()] == [{"contents": "read"}] * len(document["jobs"])
    used = re.findall(r"uses: (\S+) # v\d+\.\d+\.\d+$", file.read_text(), re.MULTILINE)
    assert len(used) == file.read_text().count("uses: ") - file.read_text().count("uses: ./ ")
    assert [action for action in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


def test_red_night_is_remembered() -> None:
    """What a night is compared with is kept when it is red, too: by a step of its own, for the job fails then."""
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "nightly.yml").read_text())["jobs"]["night"]["steps"]
    before = next(step for step in steps if "cache/restore@" in step.get("uses", ""))
    after = next(step for step in steps if "cache/save@" in step.get("uses", ""))

    assert after["if"] == "${{ !cancelled() }}"
    assert {name: before["with"][name] for name in ("path", "key")} == after["with"]


def test_workflows_call_what_is_there() -> None:
    """Each script, target of make and report that a workflow names exists, or is written by a run."""
    text = "\n".join(file.read_text() for file in WORKFLOWS)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = {word for line in re.findall(r"make ([a-z ]+)", text) for word in line.split()}

    assert called <= targets
    assert {name for name in re.findall(r"scripts/(\w+)", text) if not (ROOT / "scripts" / name).is_file()} == set()
    assert NightlyPlan.read(ROOT / "nightly.toml").webhook in text
    written = (ROOT / "reports" / "README.md").read_text()
    assert [name for name in ("annotations.txt", "summary.md", "digest.md") if name not in written] == []


def test_examples_start_the_night() -> None:
    """The cron entry and the unit run the script, and neither holds the webhook's address."""
    cron = (EXAMPLES / "registry-conformance.cron").read_text()
    service = (EXAMPLES / "registry-conformance.service").read_text()
    (entry,) = (line for line in cron.splitlines() if re.match(r"[\d*]", line))

    assert re.match(r"\d+ \d+ \* \* \*  \w+  cd \S+ && ", entry)
    assert "%" not in entry
    for text in (entry, service):
        assert "scripts/nightly" in text
        assert "https://" not in text
    assert "OnCalendar=" in (EXAMPLES / "registry-conformance.timer").read_text()


def test_the_shipped_environments_are_judged_as_shipped(tmp_path: Path) -> None:
    """The step that judges an environment passes every variable that the files of the environments name."""
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "post-deploy.yml").read_text())["jobs"]["verify"]["steps"]
    (step,) = (each for each in steps if "--env=" in each.get("run", ""))
    files = [ENVIRONMENTS / f"{name}.toml" for name in ("staging", "production")]
    named = {name for file in files for name in re.findall(r'variable = "(\w+)"', file.read_text())}
    assert named == set(step["env"])

    words = shlex.split(step["run"].replace("$ENVIRONMENT", "staging"))
    run = [str(Path(sys.executable).parent / "pytest"), *words[1:], "--collect-only", "-q", "-p", "no:cacheprovider"]
    passed = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    without = subprocess.run(run, cwd=ROOT, env=passed, capture_output=True, text=True, check=False, timeout=600)
    assert (without.returncode, "HOKUSAI_STAGING_WRITER_KEY" in without.stderr) == (4, True), without.stdout
    secrets = {name: "" if "PRODUCTION" in name else f"a-secret-{name}" for name in named}
    done = subprocess.run(run, cwd=ROOT, env=passed | secrets, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
