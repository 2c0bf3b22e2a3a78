"""What the harness costs a check: the same requests with pytest, evidence and every report, and without."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from benchmarks.figure import BenchError, Figure, rounds_within
from benchmarks.figure import Target as Bound
from benchmarks.judged import judge
from benchmarks.stacks import Bench, stack_up
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import python
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Target

ROUNDS = 3
LIMIT = 70.0
TURNS = 100
CHECK = '''"""The same cheap request again and again."""

from __future__ import annotations

import pytest

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_status
from registry_conformance.judge.requirement import verifies


@verifies("{requirement}")
@pytest.mark.parametrize("turn", range({turns}))
def test_request_is_answered(door: MlflowHttp, turn: int) -> None:
    """A door answers a request that has a key."""
    expect_status(door.search_experiments(), 200)
'''


EMPTY = '''"""Nothing, again and again."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("turn", range({turns}))
def test_nothing(turn: int) -> None:
    """Nothing happens."""
'''


def measure(bench: Bench, rounds: int) -> list[Figure]:
    """Send the requests by generated checks, and plainly before and after; the difference is the harness's.

    What pytest alone takes for as many empty tests is part of it, and told beside.
    """
    tree = _project(bench.folder / "project")
    plain: list[float] = []
    judged: list[float] = []
    beside: list[float] = []
    empty: list[float] = []
    with stack_up(bench) as up:
        checks = TURNS * len(up.target.doors)
        for _ in rounds_within(rounds, LIMIT):
            before = _plain_seconds(up.target)
            judged.append(judge(tree, "suites/local", f"--store={bench.store}").past_ready)
            plain.append((before + _plain_seconds(up.target)) / 2)
            beside.append(judged[-1] - _exchange_seconds(tree))
            empty.append(_pytest_seconds(bench.folder / "empty", checks) - _pytest_seconds(bench.folder / "one", 1))
    costs = [(ours - bare) / checks * 1000 for ours, bare in zip(judged, plain, strict=True)]
    note = f"{checks} checks of one request: {median(judged):.2f} s judged, {median(plain):.2f} s plain"
    return [
        Figure("harness cost per check", "ms", costs, Bound(1.5), note),
        Figure(
            "harness cost per check, same run",
            "ms",
            [seconds / checks * 1000 for seconds in beside],
            Bound(1.5),
            "what the judged run took beyond its own exchanges: free of the noise between two runs",
        ),
        Figure(
            "of it pytest's own, by empty tests",
            "ms",
            [seconds / checks * 1000 for seconds in empty],
            note="pytest without this suite: what no harness that pytest runs can go below",
        ),
    ]


def _project(root: Path) -> Path:
    """Return a copy of the project, register included, whose suite is the generated checks."""
    for name in ("registry_conformance", "fixtures", "docker", "suites/requirements"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pytest.ini", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    requirement = next(iter(Register.load(ROOT / "suites" / "requirements")))
    suite = root / "suites" / "local" / "test_cost.py"
    suite.parent.mkdir()
    suite.write_text(CHECK.format(requirement=requirement, turns=TURNS))
    return root


def _pytest_seconds(folder: Path, tests: int) -> float:
    """Return the seconds that pytest takes for so many empty tests, in a process of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "test_empty.py").write_text(EMPTY.format(turns=tests))
    alone = ["--disable-plugin-autoload", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}", "-c/dev/null"]
    began = time.monotonic()
    ended = subprocess.run([python(), "-m", "pytest", *alone, str(folder)], check=False, capture_output=True, text=True)
    if ended.returncode:
        raise BenchError(f"pytest alone ended with exit code {ended.returncode}: {ended.stdout[-1000:]}")
    return time.monotonic() - began


def _exchange_seconds(tree: Path) -> float:
    """Return the seconds that the exchanges of the latest judged run took, as its report has them."""
    report = json.loads((tree / "reports" / "latest" / "verdicts.json").read_text())
    evidence = [item for check in report["checks"] for item in check["evidence"]]
    return sum(float(item["seconds"]) for item in evidence if item["kind"] == "exchange")


def _plain_seconds(target: Target) -> float:
    """Return the seconds of the same requests, each over its own connection, by nothing but ``http.client``."""
    body = json.dumps({"max_results": 1})
    headers = {"Authorization": f"Bearer {target.keys['writer']}", "Content-Type": "application/json"}
    began = time.monotonic()
    for _ in range(TURNS):
        for door in target.doors:
            url = urlsplit(door.url)
            with closing(http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)) as connection:
                connection.request("POST", f"{url.path}{REST}/experiments/search", body, headers)
                answer = connection.getresponse()
                answer.read()
            if answer.status != 200:
                raise BenchError(f"the {door.name} door answered {answer.status} to a plain request")
    return time.monotonic() - began
