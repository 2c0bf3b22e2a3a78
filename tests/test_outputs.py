"""Whatever pytest is asked to print, no secret is in it, and no escape of others (kind: an output nobody redacted)."""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.report.redact import Redactor
from tests import canary_runs
from tests.conftest import Project

OPTIONS: Sequence[Sequence[str]] = (
    ("--tb=auto", "--tb=long", "--tb=short", "--tb=line", "--tb=native", "--tb=no"),
    ("-q", "", "-vvv"),
    ("", "--showlocals"),
    ("", "--junitxml={place}/junit.xml", "--junitxml={place}/junit.xml -o junit_logging=all"),
    ("", "--log-cli-level=DEBUG"),
    ("", "--log-file={place}/log.txt --log-file-level=DEBUG"),
    ("", "--capture=no", "--capture=tee-sys"),
    ("", "-n1", "--pdb"),
    ("", "-rA"),
    ("", "--durations=0"),
    ("", "--color=yes"),
    ("", "--debug={place}/debug.txt"),
    ("", "--full-trace"),
)
"""Options that change what pytest prints or writes; of each row a run has one."""
KEY = f"hk_live_{secrets.token_urlsafe(30)}"
SECRETS = (KEY, f"{secrets.token_hex(12)}/+{secrets.token_hex(8)}", secrets.token_urlsafe(240))
_LEAST = 12
"""So many characters of a secret in a row are one, however they came to be there."""
_OBEYED = re.compile(r"\x1b\[2J|\x1b\]0;|\u202e|\x07")


def _new_pairs(choice: tuple[int, str], case: Sequence[tuple[int, str]], pairs: Collection[frozenset[Any]]) -> int:
    """Return how many pairs that are in no case yet a choice makes with those of a case."""
    return sum(frozenset((chosen, choice)) in pairs for chosen in case)


def covering(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return choices of one option a row, few, so that each pair of options is in one of them."""
    pairs = {
        frozenset(((one, first), (other, second)))
        for (one, ones), (other, others) in itertools.combinations(enumerate(rows), 2)
        for first in ones
        for second in others
    }
    cases: list[list[str]] = []
    while pairs:
        case: list[tuple[int, str]] = sorted(next(iter(pairs)))
        for number, row in enumerate(rows):
            if number not in dict(case):
                new = [_new_pairs((number, option), case, pairs) for option in row]
                case.append((number, row[new.index(max(new))]))
        pairs -= {frozenset(pair) for pair in itertools.combinations(case, 2)}
        cases.append([option for _, option in sorted(case)])
    return cases


def given_away(text: str) -> set[str]:
    """Return what of the secrets a text holds: a whole one in any encoding, or a piece of one."""
    found = {around(text, piece) for secret in SECRETS for piece in pieces(secret) if piece in text}
    return found | ({"encoded"} if Redactor(SECRETS).finds(text.encode("utf-8", "surrogateescape")) else set())


def around(text: str, piece: str) -> str:
    """Return a piece of a secret with what stands around it."""
    place = text.index(piece)
    return text[max(place - 60, 0) : place + 60]


def pieces(secret: str) -> Iterator[str]:
    """Yield every piece of a secret."""
    return (secret[start : start + _LEAST] for start in range(len(secret) - _LEAST + 1))


@pytest.fixture
def run_cases(own_project: Project, tmp_path: Path) -> object:
    """A function that runs cases and returns the folder of each."""
    project = own_project
    (project.root / "secrets.json").write_text(json.dumps(SECRETS))
    (project.root / "target_of_nobody.py").write_text(canary_runs.TARGET)
    shutil.copy(canary_runs.__file__, project.root / "canary_runs.py")
    project.checks(canary_runs.CHECKS)

    def run(cases: list[list[str]], **variables: str) -> list[Path]:
        folder = tmp_path / f"cases-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "cases.json").write_text(json.dumps([" ".join(case).split() for case in cases]))
        subprocess.run(
            [sys.executable, "canary_runs.py", str(folder)],
            cwd=project.root,
            env=os.environ | {"COLUMNS": "120", "TMPDIR": str(project.temporary)} | variables,
            check=True,
            timeout=500,
        )
        return [folder / str(number) for number in range(len(cases))]

    return run


def test_all_pairs_of_options_give_nothing_away(run_cases) -> None:  # type: ignore[no-untyped-def] # a fixture's function
    """Of every pair of output options, no file and no line holds a secret, or a sequence that a terminal obeys."""
    cases = covering(OPTIONS)
    problems: list[tuple[object, ...]] = []
    for case, folder in zip(cases, run_cases(cases), strict=True):
        said = (folder / "said").read_text(errors="surrogateescape")
        assert "FAILED" in said or "failed" in said, (case, said)  # control: it ran
        for file in (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
            text = file.read_text(errors="surrogateescape")
            if found := given_away(text):
                problems.append((" ".join(case), file.name, sorted(found)[:3]))
            if file.suffix != ".gz" and _OBEYED.search(text):
                problems.append((" ".join(case), file.name, _OBEYED.findall(text)))
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                problems.append((" ".join(case), file.name, oct(file.stat().st_mode)))

    assert problems == [], "\n".join(map(str, problems))


def test_planted_secret_is_found(run_cases) -> None:  # type: ignore[no-untyped-def] # a fixture's function
    """The search finds a secret that is written past every guard: it can find one."""
    said = (run_cases([["--capture=no"]], PLANT="1")[0] / "said").read_text(errors="surrogateescape")

    assert given_away(said)
