"""The wheel: what it brings, what it costs, and that the doctor works from it without a checkout."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from registry_conformance.judge.locations import PACKAGE, ROOT
from registry_conformance.lab.stack.handle import OwnedStack

MOST_DISTRIBUTIONS, MOST_MIB = 25, 40
UV = [sys.executable, "-m", "uv"]
ONLY_ON_UNIX = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios"}
BASE = ("diagnosis", "evidence", "live", "target")
"""The rooms of the judge that stand behind the doctor."""


def call(*command: str | Path, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, its output kept."""
    environment = os.environ | variables
    words = [str(each) for each in command]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, env=environment, timeout=900, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """An empty environment with the wheel and what it requires; and the seconds that took."""
    folder = tmp_path_factory.mktemp("wheel")
    built = call(*UV, "build", "--wheel", "--quiet", "--no-build-isolation", "--out-dir", folder, ROOT)
    assert built.returncode == 0, built.stderr
    wheel = next(folder.glob("*.whl"))
    began = time.monotonic()
    for arguments in (("venv", "--quiet", folder / "venv"), ("pip", "install", "--python", folder / "venv", wheel)):
        done = call(*UV, *arguments)
        assert done.returncode == 0, done.stderr
    return folder / "venv", time.monotonic() - began


def test_base_is_small_and_examines_a_deployment(installed: tuple[Path, float], stack: OwnedStack) -> None:
    """The base has at most 25 distributions and 40 MiB, and its doctor finds the reference healthy."""
    venv, seconds = installed
    listed = call(*UV, "pip", "list", "--format", "freeze", "--python", venv).stdout.split()
    packages = next((venv / "lib").glob("python*")) / "site-packages"
    mib = sum(file.stat().st_size for file in packages.rglob("*") if "__pycache__" not in file.parts) / 2**20
    target = stack.target()
    began = time.monotonic()
    done = call(
        venv / "bin" / "registry-conformance",
        "doctor",
        "--url",
        target.doors[0].url,
        MLFLOW_TRACKING_TOKEN=str(target.keys["writer"]),
    )
    took = f"{seconds:.1f} s to install, {time.monotonic() - began:.1f} s to examine"
    print(f"base: {len(listed)} distributions, {mib:.1f} MiB, {took}")  # noqa: T201 - the figures of this machine

    assert len(listed) <= MOST_DISTRIBUTIONS, listed
    assert mib <= MOST_MIB
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_doctor_stands_on_needs_no_extra(installed: tuple[Path, float]) -> None:
    """Every module of those rooms can be imported in the base."""
    modules = [
        ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
        for room in BASE
        for file in (PACKAGE / "judge" / room).rglob("*.py")
        if file.name != "__init__.py"
    ]
    done = call(installed[0] / "bin" / "python", "-c", "\n".join(f"import {name}" for name in modules))

    assert len(modules) > 40
    assert done.returncode == 0, done.stderr


def test_what_is_not_installed_is_named_with_the_command_that_brings_it(installed: tuple[Path, float]) -> None:
    """A sub-command of an extra is exit code 4 in the base, and says what to install."""
    command = installed[0] / "bin" / "registry-conformance"
    for arguments, extra in (
        (["verify", "--url=http://127.0.0.1:9/x"], "verify"),
        (["register", "--url=http://127.0.0.1:9/x"], "register"),
        (["up"], "lab"),
        (["doctor", "--fault=bucket-missing"], "lab"),
    ):
        done = call(command, *arguments)
        assert done.returncode == 4, done.stderr
        assert f"pip install '.[{extra}]'" in done.stderr
        assert "'hokusai-registry-conformance[" not in done.stderr
        assert "Traceback" not in done.stderr


def test_wheel_carries_what_a_checkout_has(installed: tuple[Path, float]) -> None:
    """The register, the checks, their fixtures and the reference's files lie in the package, none at the top."""
    packages = next((installed[0] / "lib").glob("python*")) / "site-packages"
    resources = packages / "registry_conformance" / "resources"

    for name in (
        "suites/requirements/artifacts.toml",
        "fixtures/essentials.py",
        "docker/proxy/envoy.yaml",
        "pytest.ini",
    ):
        assert (resources / name).is_file(), name
    assert not [name for name in ("suites", "fixtures", "docker", "tests") if (packages / name).exists()]


@pytest.mark.nightly
def test_a_stack_of_its_own_is_verified_from_the_wheel(installed: tuple[Path, float], tmp_path: Path) -> None:
    """Away from any checkout, the wheel with ``[lab]`` starts a stack of its own, and verifies it green."""
    (wheel,) = installed[0].parent.glob("*.whl")
    venv, elsewhere = tmp_path / "venv", tmp_path / "else where"
    elsewhere.mkdir()
    lab = f"hokusai-registry-conformance[lab] @ {wheel.as_uri()}"
    for arguments in (("venv", "--quiet", venv), ("pip", "install", "--quiet", "--python", venv, lab)):
        made = call(*UV, *arguments)
        assert made.returncode == 0, made.stderr
    options = ("-k", "registration", "--stack=embedded", "--store=moto")
    done = call(venv / "bin" / "registry-conformance", "verify", *options, folder=elsewhere, PYTHONPATH="")

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((elsewhere / "reports" / "latest" / "verdicts.json").read_text())
    verdicts = Counter(check["verdict"] for check in report["checks"])
    assert set(verdicts) <= {"passed", "inapplicable"}, verdicts
    assert verdicts["passed"] > 10, verdicts
    assert report["requirements"]["REG-001"]["verdict"] == "passed"
    assert str(ROOT) not in done.stdout + done.stderr


def test_judge_imports_nothing_that_only_unix_has() -> None:
    """No module of the judge needs, to be imported, a module of Python that other systems lack."""
    found = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in (PACKAGE / "judge").rglob("*.py")
        for node in ast.parse(file.read_text()).body
        for name in _imported(node)
        if name in ONLY_ON_UNIX
    ]

    assert found == []


def _imported(node: ast.stmt) -> list[str]:
    """Return the top-level names of the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [(node.module or "").partition(".")[0]] if isinstance(node, ast.ImportFrom) else []
