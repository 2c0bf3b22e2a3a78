"""Every command of the pages is typed as it is written, in a fresh shell, or there is a reason why not.

Where a page names a deployment of the reader's, a stack of ours is in its place: its URL, the file of an environment
that describes it, its writer's key in the variable that the page tells the reader to set.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry_conformance.judge.locations import DOCKER, ROOT
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.proof.rehearsal.external_environment import environment
from tests.documented_commands import PLANS, Trial, Untried, commands, plan
from tests.optional import need

_PATIENCE = 3600
_URLS = re.compile(r"https://registry\.example(?:\.com)?/api/mlflow|\bURL\b")
_OF_A_CHECKOUT = ("make", "pytest", "python", "uvx", "scripts/", ".venv/")
_PROXIES = ("nginx", "haproxy")
_KEPT = ("PIP_", "UV_", "SSL_", "REQUESTS_", "GO")
"""Variables of this machine that say where packages come from."""
TRIED = {line: trial for _, line in commands() if isinstance(trial := plan(line), Trial)}


@dataclass(frozen=True, slots=True)
class Shell:
    """A fresh shell of a reader: no variable but those that the pages set, a home of its own, the suite on its path."""

    folder: Path
    url: str
    key: str
    file: Path

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        """Type a command where it is meant to be typed, the reader's deployment replaced; return what came of it."""
        words = _URLS.sub(self.url, command)
        words = re.sub(r"--env[= ]NAME", f"--env-file={self.file}", words).replace("NAME", "artifact-route-missing")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", words],
            cwd=ROOT if command.startswith(_OF_A_CHECKOUT) else self.folder,
            env=self._variables(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )

    def _variables(self) -> dict[str, str]:
        path = [str(Path(sys.executable).parent), *os.environ["PATH"].split(":")]
        own = {"PATH": ":".join(path), "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        own |= {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        return own | {"MLFLOW_TRACKING_TOKEN": self.key, "PYTEST_ADDOPTS": f"--report-dir={self.folder / 'reports'}"}


@pytest.fixture
def shell(tmp_path: Path, stack: OwnedStack) -> Shell:
    """A shell in a repository of the reader's, with a change of a proxy's file that refuses all uploads."""
    for name in ("home", "tmp", "conf"):
        (tmp_path / name).mkdir()
    before = (DOCKER / "proxies" / "nginx" / "password.conf").read_text()
    (tmp_path / "conf" / "registry.conf").write_text(before)
    for step in ("init -q -b main", "add conf", "-c user.name=a -c user.email=a@example.org commit -q -m before"):
        subprocess.run(["git", "-C", str(tmp_path), *step.split()], check=True)
    refused = "        location ~ /mlflow-artifacts/ { return 404; }\n\n        location / {"
    (tmp_path / "conf" / "registry.conf").write_text(before.replace("        location / {", refused, 1))
    target = stack.target()
    file = environment(target, tmp_path / "environment")
    return Shell(tmp_path, target.doors[0].url, str(target.keys["writer"]), file)


@pytest.mark.parametrize(
    "command",
    [pytest.param(line, id=line, marks=[pytest.mark.nightly] * trial.night) for line, trial in TRIED.items()],
)
def test_command_does_what_its_page_says(command: str, shell: Shell) -> None:
    """A command ends with the exit code that is to be expected, and says what the page says that it tells."""
    for proxy in _PROXIES:
        if proxy in command:
            need(shutil.which(proxy), f"needs {proxy}: install it (.ci/run does)")
    trial = TRIED[command]
    done = shell.type(command)

    assert done.returncode == trial.code, done.stdout[-4000:] + done.stderr[-4000:]
    assert re.search(trial.says, done.stdout + done.stderr), done.stdout[-4000:] + done.stderr[-4000:]
    assert "Traceback" not in done.stderr


def is_met(pattern: str, lines: Collection[str]) -> bool:
    """Return whether one of several lines is as a pattern says."""
    return any(re.fullmatch(pattern, line) for line in lines)


def test_every_command_is_tried_or_has_a_reason() -> None:
    """No page has a command of which nobody said how it is tried, and no plan is about a command that no page has."""
    lines = {line for _, line in commands()}

    assert [line for line in sorted(lines) if plan(line) is None] == []
    assert [pattern for pattern in PLANS if not is_met(pattern, lines)] == []


def test_what_runs_elsewhere_does_run_there() -> None:
    """A reason that names where a command is run instead names a file that holds it."""
    elsewhere = [each for each in PLANS.values() if isinstance(each, Untried) and each.by]

    assert [each.by for each in elsewhere if each.holds not in (ROOT / each.by).read_text()] == []
