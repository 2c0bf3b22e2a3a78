"""What the pages tell a reader to run exists and is understood."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_conformance.judge.locations import ROOT
from registry_conformance.run.option_values import STACKS, STORES

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "docs/compatibility.md",
    "docs/load.md",
    "docs/nightly.md",
    "docs/options.md",
    "docs/own-parts.md",
    "docs/pipelines.md",
    "docs/score.md",
    "suites/live/README.md",
)


def commands() -> Iterator[str]:
    """Yield every command line of the pages' shell blocks, and those in running text."""
    for page in PAGES:
        text = (ROOT / page).read_text()
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            yield from (line.split("  #")[0].split(" # ")[0].strip() for line in block.splitlines() if line.strip())
        yield from re.findall(r"`((?:make|pytest|registry-conformance|\.venv/bin/[^\s`]+) [^`\n]+)`", text)


ENVIRONMENT = """
description = "an environment that nobody asks anything"
access = "sandboxed"
doors.canonical.url = "http://registry.example/api/mlflow"
keys.writer.command = ["echo", "a-writers-key"]
"""


def understood(command: str, environment: Path) -> str:
    """Return what is said against a command line, empty if it is understood; nothing is run."""
    named = command.replace("--env=NAME", f"--env-file={environment}").replace("NAME", "bucket-missing")
    words = shlex.split(named)
    if words[0] in {"export", "terraform"}:
        return ""  # the reader's shell, and a program that is not ours
    if words[0] == "uvx":
        words = [str(ROOT / ".venv" / "bin" / words[3]), words[4]]  # the same command, as it is installed here
    if words[0] == "registry-conformance":
        words = [str(ROOT / ".venv" / "bin" / words[0]), *words[1:], "--help"]  # an unknown option is told before
    elif words[0] == "make":
        words = ["make", "-n", *words[1:]]
    elif words[0] == "pytest":
        missing = [word for word in words[1:] if word.startswith("suites/") and not (ROOT / word).exists()]
        if missing:
            return f"{command}: {missing[0]} does not exist"
        words = [
            sys.executable,
            "-m",
            "pytest",
            *words[1:],
            "--store=moto",
            "--help",
        ]  # runs nothing
    else:
        words = [words[0], *words[1:2], "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"{command}: {done.stdout}{done.stderr}" if done.returncode else ""


def test_commands_of_the_pages_are_understood(tmp_path: Path) -> None:
    """make knows each target, pytest each path and option, and each script exists."""
    environment = tmp_path / "mine.toml"
    environment.write_text(ENVIRONMENT)

    assert not [said for command in sorted(set(commands())) if (said := understood(command, environment))]


def test_the_page_of_options_names_every_option_and_value(pytestconfig: pytest.Config) -> None:
    """The page of options agrees with the options."""
    page = (ROOT / "docs" / "options.md").read_text().replace("\\|", "|")
    group = next(each for each in pytestconfig._parser._groups if each.name == "conformance")
    options = [name for option in group.options for name in option.names()]
    assert len(options) > 10
    assert [name for name in options if f"`{name}" not in page] == []
    assert f"--stack={'|'.join(STACKS)}" in page
    assert f"--store={'|'.join(STORES)}" in page


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_pages_lead_somewhere(page: str) -> None:
    """Every relative link is a file of the project."""
    for target in re.findall(r"\]\((?!http)([^)#]+)", (ROOT / page).read_text()):
        assert (ROOT / page).parent.joinpath(Path(target)).exists(), target
