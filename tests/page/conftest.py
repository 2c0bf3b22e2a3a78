"""Pages to look at in a real browser: one with everything on it, one with 2,000 checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from registry_conformance.judge.report.changes import Change, RunChanges
from registry_conformance.judge.report.history import trend_of
from registry_conformance.judge.report.page import render
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.run_snapshot import RunSnapshot
from registry_conformance.judge.requirement import Level, Register, Requirement
from registry_conformance.judge.verdict import Verdict
from tests.browser import chromium
from tests.report_runs import EVIDENCE, EXCHANGE, FLOW, check, mixed, run_of

MANY = 2000
RED = "suites/contract/area/test_area.py::test_routes"
GREEN = "suites/contract/area/test_area.py::test_stores"
BROKE = f"after experiment: MlflowException: API request to http://127.0.0.1:8080/{'a' * 300} failed"
GONE = "suites/contract/area/test_area.py::test_gone"
CHANGES = RunChanges(
    "verify-1",
    "2026-01-01T03:04:05+00:00",
    newly_red=(
        Change(RED, "passed", "failed", ("ROU-001",), f"PUT http://127.0.0.1:8080/{'a' * 300}/b.bin → 404"),
        Change("suites/contract/area/test_area.py::test_names", "passed", "inconclusive", ("ERR-001",), "?"),
    ),
    gone=(Change(GONE, "passed", "gone", ("ART-001",)),),
    versions=(Change("mlflow", "3.16.0", "3.17.2"),),
).document()


def large() -> RunRecord:
    """Return a run of 2,000 checks of 200 requirements, one of them red, another with 300 checks."""
    ids = [f"MNY-{number:03}" for number in range(200)]
    register = Register(
        {i: Requirement(i, Level.MUST, "many", "proxy", f"Promise {i} is kept.", "x") for i in ids}, "r"
    )
    names = ["MNY-007"] * 300 + [ids[number % 200] for number in range(MANY - 300)]
    evidence = (EXCHANGE,) * 3
    records = [
        check(f"case[{number}]", Verdict.FAILED if number == 1000 else Verdict.PASSED, name, evidence=evidence)
        for number, name in enumerate(names)
    ]
    return run_of(*records, register=register, exit_code=1)


def nights() -> list[Mapping[str, Any]]:
    """Return thirty nights of December, red but for the first ten, slower from night to night."""
    found: list[Mapping[str, Any]] = []
    for number in range(30):
        red = number >= 10
        checks = [check("one", Verdict.FAILED if red else Verdict.PASSED, "ROU-001")]
        run = replace(run_of(*checks, exit_code=int(red)), started=f"2025-12-{number + 1:02}T03:04:05+00:00")
        found.append({**trend_of(RunSnapshot.of(run)), "doors": {"canonical": 1 + number / 10}})
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all of these tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name -> address of a page: ``mixed`` has everything, ``many`` 2,000 checks."""
    folder = tmp_path_factory.mktemp("pages")
    cause = {
        "id": "route-missing",
        "layer": "proxy",
        "cause": "no route <b>for</b> uploads",
        "band": "certain",
        "note": False,
        "alternative": False,
        "observations": ["404"],
        "remedy": "add one",
        "link": "docs/x.md#route-missing",
        "requirements": ["ROU-001"],
        "checks": [RED],
    }
    told = {"layer": "proxy", "cause": cause["cause"], "remedy": "add one"}
    run = mixed()
    evidence = [{**each, "problem": BROKE} if each["kind"] == "flow" else each for each in EVIDENCE]
    green = {**FLOW, "name": "registration of a pyfunc model"}
    changed: dict[str, dict[str, Any]] = {
        RED: {"diagnosis": told, "evidence": evidence},
        GREEN: {"evidence": (green,), "door": "literal"},
    }
    records = [replace(each, **changed.get(each.nodeid, {})) for each in run.records]
    target = {**run.target, "images": {"proxy": "sha256:4711"}}
    run = replace(run, records=records, diagnosis=[cause], changes=CHANGES, target=target, trend=nights())
    runs = {"mixed": run, "many": large()}
    for name, each in runs.items():
        (folder / f"{name}.html").write_bytes(b"".join(render(each)))
    return {name: (folder / f"{name}.html").as_uri() for name in runs}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody used before, cut off from every network, and allowed to copy."""
    fresh = browser.new_context(offline=True, permissions=["clipboard-read", "clipboard-write"])
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab in which no script may fail and nothing may be fetched."""
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda problem: wrong.append(str(problem)))
    tab.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    tab.on("request", lambda sent: wrong.append(sent.url) if not re.match("file:|data:|blob:", sent.url) else None)
    yield tab
    assert wrong == []
