"""Wrong deployments do not pass: servers that are no MLflow, and a proxy that asks for no key.

By day the cases are dealt out to the doubles, one by one: a double does one thing to every request, so a check of some
cases meets most of them. The pretender, which differs by request, is asked all about what must be kept, with MLflow's
SDK; the proxy without keys a few cases of each check, at one door of three: the fault is the same at each. With
``--nightly`` every case meets every double, at every door.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.locations import ROOT
from tests.doubles.servers import DOUBLES, HOLE, PLAUSIBLE, double

pytestmark = pytest.mark.usefixtures("forked_throughout")

LENIENCY = 0.03
"""Share of MUST checks that may pass by accident."""

LENIENCY_TO_A_PRETENDER = 0.10
"""The same for what must be kept, if the server asks for keys and has every form right: it does take uploads."""

PARTS_BY_DAY = len(DOUBLES)
KEPT = ("suites/contract/registration", "suites/contract/artifacts")
AT_ONE_DOOR = ("-k", "not documented and not literal", "-p", "tests.doubles.few_cases")

PATIENCE = {HOLE: "0.005"}
"""Seconds that clients wait: a double on loopback answers soon, and the black hole never."""

NEED_AN_ORIGIN = "suites/contract/routing/test_inventory.py"
"""Hundreds of checks that are inapplicable without an origin."""

NO_KEYS = "a proxy that asks for no key"
OF_MLFLOWS_OWN_USERS = tuple(f"AUZ-04{number}" for number in range(7))
"""About permissions that MLflow itself keeps, which the reference does not have."""
WITHOUT_KEYS = dict.fromkeys(OF_MLFLOWS_OWN_USERS, "inapplicable") | {"AUT-064": "passed", "AUT-065": "inapplicable"}
"""What a proxy without keys fails not: it carries none away, and has no tokens that end."""
ABOUT = ("suites/contract/authentication", "suites/contract/authorization", "suites/contract/artifacts")


@dataclass(frozen=True)
class Judgement:
    """What a run came to: exit code, report, and the end of what it said."""

    code: int
    report: dict[str, Any]
    said: str

    def of_must(self, *areas: str) -> Counter[str]:
        """Count the verdicts of the checks that verify a MUST, of some areas or of all."""
        known = self.report["requirements"].items()
        must = {name for name, each in known if each["level"] == "MUST" and name.startswith(areas or "")}
        return Counter(check["verdict"] for check in self.report["checks"] if must & set(check["requirements"]))

    def verdicts(self, *areas: str) -> dict[str, str]:
        """Return requirement -> verdict, of those tested in these areas."""
        return {
            name: each["verdict"]
            for name, each in self.report["requirements"].items()
            if each["area"] in areas and each["verdict"] != "untested"
        }


def judge(cache: Path, reports: Path, *arguments: str, **variables: str) -> Judgement:
    """Run checks as a user would."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, f"--report-dir={reports}", "-o", f"cache_dir={cache}"],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    report = reports / "latest" / "verdicts.json"
    assert report.exists(), done.stdout + done.stderr
    return Judgement(done.returncode, json.loads(report.read_text()), done.stdout[-2000:])


def judge_double(name: str, cache: Path, reports: Path, parts: int) -> Judgement:
    """Run the portable checks against a double: all of them if they are one part, otherwise its own part."""
    about = KEPT if name == PLAUSIBLE and parts > 1 else ("suites/contract",)
    part = "0/1" if name == PLAUSIBLE else f"{list(DOUBLES).index(name) % parts}/{parts}"
    with double(name) as url:
        known = {"DOUBLE_URL": url, "DOUBLE_PATIENCE": PATIENCE.get(name, "5"), "DOUBLE_PART": part}
        options = ("-p", "tests.doubles.target", f"--ignore={NEED_AN_ORIGIN}")
        return judge(cache, reports, *about, *options, **known)


@pytest.fixture(scope="module")
def parts(nightly_size: bool) -> int:
    """How many parts the cases are dealt out in."""
    return 1 if nightly_size else PARTS_BY_DAY


@pytest.fixture(scope="module")
def judgements(
    cache: Path, tmp_path_factory: pytest.TempPathFactory, parts: int
) -> Iterator[Mapping[str, Future[Judgement]]]:
    """Name of a wrong deployment -> what became of it; two are judged at a time."""

    def folder() -> Path:
        return tmp_path_factory.mktemp("reports")

    with ThreadPoolExecutor(2) as two:
        at = () if parts == 1 else AT_ONE_DOOR
        wrong = {NO_KEYS: two.submit(judge, cache, folder(), *ABOUT, "--fault=no-authentication", *at)}
        yield wrong | {name: two.submit(judge_double, name, cache, folder(), parts) for name in DOUBLES}


@pytest.mark.parametrize("name", [name for name in DOUBLES if name != PLAUSIBLE])
def test_double_passes_next_to_nothing(
    name: str, judgements: Mapping[str, Future[Judgement]], parts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the MUST checks that could judge a double, fewer than 3 in 100 pass; none breaks, and the run is not green."""
    judgement = judgements[name].result()
    found = judgement.of_must()
    judged = found.total() - found["inapplicable"]
    checks = judgement.report["checks"]
    passed = [check["nodeid"] for check in checks if check["verdict"] == "passed"]
    broke = [check["nodeid"] for check in checks if check["verdict"] == "error"]
    with capsys.disabled():
        print(f"\n{name}: {found['passed']} of {judged} MUST checks pass ({found['passed'] / judged:.1%})")  # noqa: T201 - the figure is the point

    assert judgement.report["target"]["kind"] == "double"
    assert judgement.code not in (0, 5), judgement.said
    assert judged > 300 / parts, found
    assert found["passed"] < LENIENCY * judged, passed
    assert broke == []


def test_pretender_keeps_nothing_and_is_found_out(
    judgements: Mapping[str, Future[Judgement]], capsys: pytest.CaptureFixture[str]
) -> None:
    """A server with every form right and nothing kept passes next to no check of registration and artifacts."""
    judgement = judgements[PLAUSIBLE].result()
    kept, all_of_them = judgement.of_must("REG-", "ART-"), judgement.of_must()
    judged = kept.total() - kept["inapplicable"]
    share = all_of_them["passed"] / (all_of_them.total() - all_of_them["inapplicable"])
    with capsys.disabled():
        print(f"\n{PLAUSIBLE}: {kept['passed']} of {judged} MUST checks of what is kept pass, {share:.1%} of all")  # noqa: T201 - the figure is the point

    assert judgement.code == 1, judgement.said
    assert judged > 100, kept
    assert kept["passed"] < LENIENCY_TO_A_PRETENDER * judged, kept


def test_proxy_without_keys_fails_what_is_about_keys(judgements: Mapping[str, Future[Judgement]]) -> None:
    """A proxy that asks for no key fails every requirement about keys and rights, and none about artifacts."""
    judgement = judgements[NO_KEYS].result()
    keys, content = judgement.verdicts("authentication", "authorization"), judgement.verdicts("artifacts")

    assert judgement.code == 1, judgement.said
    assert len(keys) > 45, keys
    others = {name: verdict for name, verdict in keys.items() if verdict != "failed"}
    assert others == WITHOUT_KEYS
    assert len(content) > 45, content
    assert {name: verdict for name, verdict in content.items() if verdict not in ("passed", "inapplicable")} == {}
