"""What the pages name exists: options, links, and commands that no test types."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from registry_conformance.cli.main import command as command_line
from registry_conformance.judge.locations import ROOT
from registry_conformance.run.option_values import STACKS, STORES
from tests.documented_commands import PAGES, Untried, commands, plan

_GENERATED = ("docs/troubleshooting.md", "docs/s3-requirements.md")


def understood(command: str) -> str:
    """Return what is said against a command line, empty if it is understood or not ours; nothing is run."""
    words = shlex.split(command)
    if words[0] == "registry-conformance":
        asked = CliRunner().invoke(command_line, [*words[1:], "--help"])  # an unknown option is told before
        return f"{command}: {asked.output}" if asked.exit_code else ""
    if words[0] == "make":
        words = ["make", "-n", *words[1:]]
    elif words[0] == "pytest":
        words = [sys.executable, "-m", "pytest", *words[1:], "--store=moto", "--help"]
    elif words[0].startswith("scripts/"):
        words = [words[0], "--help"]
    else:
        return ""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return f"{command}: {done.stdout}{done.stderr}" if done.returncode else ""


def test_commands_that_no_test_types_are_understood() -> None:
    """make knows each target, pytest and the commands each option, and each script exists."""
    untried = {line for page, line in commands() if page not in _GENERATED and isinstance(plan(line), Untried)}

    assert len(untried) > 20
    assert [said for command in sorted(untried) if (said := understood(command))] == []


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
