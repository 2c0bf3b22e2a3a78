"""What pipelines of others start the suite by works as it is shipped: the GitHub action, a Kubernetes Job, GitLab."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from registry_conformance.lab.images.recipe import RECIPES
from registry_conformance.lab.stack.handle import OwnedStack
from tests.tree import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
JOB = ROOT / "docs" / "examples" / "kubernetes" / "job.yaml"
GITLAB = yaml.safe_load((ROOT / "docs" / "examples" / "gitlab-ci.yml").read_text())
BIN = Path(sys.executable).parent


class Runner:
    """A machine of GitHub's, as far as the steps of an action see it."""

    def __init__(self, folder: Path) -> None:
        self.output, self.summary = folder / "output", folder / "summary.md"
        self._variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RUNNER_TEMP": str(folder),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }
        self._variables |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}

    def run(self, step: dict[str, Any], **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run one step as it is written, its inputs given or by default."""
        given = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()} | inputs
        told = {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], str(value))
            for name, value in step.get("env", {}).items()
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            env=self._variables | told,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner whose suite is installed already: this one."""
    (tmp_path / "registry-conformance" / "bin").mkdir(parents=True)
    (tmp_path / "registry-conformance" / "bin" / "registry-conformance").symlink_to(BIN / "registry-conformance")
    return Runner(tmp_path)


def steps() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two steps of the action: installing, judging."""
    first, second = ACTION["runs"]["steps"]
    return first, second


def test_the_action_judges_a_deployment(runner: Runner, stack: OwnedStack) -> None:
    """The step finds a good deployment good, by the key that it is given, and tells its outputs and its summary."""
    target = stack.target()
    done = runner.run(steps()[1], url=target.doors[0].url, token=str(target.keys["writer"]), options="--read-only\n")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "exit-code=0" in runner.output.read_text()
    assert "Doctor:" in runner.summary.read_text()
    assert str(target.keys["writer"]) not in done.stdout + runner.summary.read_text()


def test_the_action_fails_with_the_command(runner: Runner) -> None:
    """What cannot be judged fails the step with the command's own exit code, which is an output too."""
    done = runner.run(steps()[1], url="http://127.0.0.1:9/x", token="a-token")

    assert done.returncode == 6, done.stdout + done.stderr
    assert "exit-code=6" in runner.output.read_text()


def test_two_uses_in_one_job_have_reports_of_their_own(runner: Runner) -> None:
    """A second use of the action does not tell the summary of the first."""
    for _ in range(2):
        runner.run(steps()[1], url="http://127.0.0.1:9/x", token="a-token")
    told = re.findall(r"^reports=(.+)$", runner.output.read_text(), re.MULTILINE)

    assert len(set(told)) == 2
    assert all(Path(folder).is_dir() for folder in told)


def test_the_comment_of_the_example_is_found_by_its_mark() -> None:
    """The example of a change fetches its base, and replaces the comment that begins with the mark alone."""
    text = (ROOT / "docs" / "pipelines.md").read_text()
    example = next(each for each in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "--against" in each)
    checkout, _, comment = yaml.safe_load(example)

    assert checkout["with"]["fetch-depth"] == 0
    assert "startswith" in comment["run"]
    assert "head -n 1 comment.md" in comment["run"]
    assert "--edit-last" not in text


def test_the_action_refuses_another_command(tmp_path: Path) -> None:
    """A command that the action does not have is refused before anything is installed."""
    done = Runner(tmp_path).run(steps()[0], command="doktor")

    assert (done.returncode, "use one of doctor, register, verify" in done.stdout) == (4, True)


def test_no_input_reaches_a_script_as_text() -> None:
    """Inputs are given to the steps as variables, so that none is carried out as a command."""
    assert [step["name"] for step in steps() if "${{" in step["run"]] == []
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])


def test_the_action_is_audited() -> None:
    """The audit of actions has no finding."""
    zizmor = [str(BIN / "zizmor"), "--offline", "--no-progress", "--persona=pedantic", "action.yml"]
    done = subprocess.run(zizmor, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)

    assert done.returncode == 0, done.stdout + done.stderr


def understood(words: list[str]) -> str:
    """Return what the command says against an option, empty if it knows them all; nothing is judged."""
    command = [str(BIN / "registry-conformance"), *words, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    return done.stderr if done.returncode else ""


def test_the_job_is_what_kubernetes_takes() -> None:
    """The manifest has the form of a Job, strictly, in an old and a new version; a misspelt field is found."""
    document = yaml.safe_load(JOB.read_text())
    for version in ("1.28", "1.34"):
        kubernetes_validate.validate(document, version, strict=True)
    document["spec"]["template"]["spec"]["restartPolicyy"] = "Never"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, "1.34", strict=True)


def test_the_job_starts_an_image_of_ours_by_a_command_that_is_there() -> None:
    """The image is one that is built here, its command is understood, and it writes where it may."""
    spec = yaml.safe_load(JOB.read_text())["spec"]["template"]["spec"]
    (container,) = spec["containers"]

    assert container["image"] in {recipe.latest for recipe in RECIPES.values()}
    assert understood(container["args"]) == ""
    assert "--report-dir=/work/reports" in container["args"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/work", "/tmp"}  # noqa: S108 - of a container
    assert "USER 10001:10001" in RECIPES["suite"].file.read_text()
    assert spec["securityContext"]["runAsUser"] == 10001


def test_the_gitlab_job_calls_what_is_there() -> None:
    """Its command is understood, and the JUnit file that it names is one that a run writes."""
    job = GITLAB["registry-conformance"]
    words = shlex.split(job["script"][-1])

    installed = shlex.split(job["script"][0])[-1]
    assert installed == "hokusai-registry-conformance[verify] @ git+$CONFORMANCE_REPOSITORY"  # no index has it
    assert job["stage"] in GITLAB["stages"]
    assert words[0] == "registry-conformance"
    assert understood(words[1:]) == ""
    assert job["artifacts"]["reports"]["junit"] == "reports/latest/junit.xml"
    assert "`runs/<run id>/junit.xml`" in (ROOT / "reports" / "README.md").read_text()


def test_the_image_of_the_suite_is_its_source() -> None:
    """Another text of the suite is another image, and what is sent to the engine holds all that a wheel is made of."""
    sent = RECIPES["suite"].file.with_name("Dockerfile.dockerignore").read_text()

    assert RECIPES["suite"].tag != RECIPES["suite-verify"].tag
    for name in ("registry_conformance", "fixtures", "suites", "docker", "pyproject.toml", "pytest.ini", "README.md"):
        assert f"!{name}" in sent.splitlines()
