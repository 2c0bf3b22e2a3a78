"""A proof counts what it saw: what was armed, caught, named and missed, and what nothing catches."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from registry_conformance.judge.locations import ROOT, SUITES
from registry_conformance.judge.report.proof import PROOF, keep, score
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.proof.faults.confirm import unconfirmed
from registry_conformance.proof.faults.outcome import CaseResult, FaultOutcome
from registry_conformance.proof.faults.page import page
from registry_conformance.proof.faults.reasons import REASONS
from registry_conformance.proof.faults.score import Proof
from registry_conformance.proof.faults.selection import Check, area_of, expected, others
from tests.conftest import eventually, heed_interrupts, processes_of, read_until

FAULT = CATALOGUE["artifact-route-missing"]
OTHER = CATALOGUE["bucket-missing"]
REGISTER = Register.load(SUITES / "requirements")


def seen(requirement: str, verdict: Verdict, case: str = "[a]") -> CaseResult:
    """Return a case of a check that is named after its requirement."""
    return CaseResult(f"suites/contract/test_{requirement}.py::test_it{case}", (requirement,), verdict, "why")


def outcome(name: str, *cases: CaseResult, **changes: Any) -> FaultOutcome:
    """Return the outcome of a fault that was armed and named right."""
    expected_of = CATALOGUE[name].requirements
    return replace(
        FaultOutcome(name, expected_of, "", "", list(cases), ("cause", "another"), "cause", 0.1, 1.0), **changes
    )


class Case:
    """One case of a check, as far as it is asked what it verifies."""

    def __init__(self, *requirements: str) -> None:
        self._mark = pytest.mark.verifies(*requirements).mark

    def iter_markers(self, name: str) -> Iterator[pytest.Mark]:
        """Yield the mark that names the requirements."""
        yield from [self._mark] if name == self._mark.name else []


def check(*requirements: str, local: bool = False) -> Check:
    """Return a check with a case for each of its requirements."""
    cases: Any = tuple(map(Case, requirements))
    return Check(f"suites/contract/test_{requirements[0]}.py::test_it", requirements, cases, local)


def proof(*outcomes: FaultOutcome, checks: Sequence[Check] = (), reasons: dict[str, str] | None = None) -> Proof:
    """Return a proof with these outcomes."""
    started, finished = "2026-11-23T01:00:00+00:00", "2026-11-23T01:10:00+00:00"
    known = reasons or {}
    return Proof("prove-1", "0.1.0", REGISTER, outcomes, list(checks), known, started, finished, 600.0, whole=True)


def test_a_fault_is_caught_by_the_checks_that_must_fail() -> None:
    """A red check of an expected requirement catches; other red ones are unexpected, silent requirements missed."""
    first, second, *_ = FAULT.requirements
    armed = outcome(
        FAULT.name, seen(first, Verdict.FAILED), seen(second, Verdict.PASSED), seen("OPS-001", Verdict.FAILED)
    )

    assert armed.caught_by == [f"suites/contract/test_{first}.py::test_it"]
    assert armed.unexpected == ["suites/contract/test_OPS-001.py::test_it"]
    assert armed.missed == [name for name in FAULT.requirements if name != first]


def test_inconclusive_does_not_catch() -> None:
    """A check that could not judge has caught nothing."""
    assert not outcome(FAULT.name, seen(FAULT.requirements[0], Verdict.INCONCLUSIVE)).caught


def test_numbers_of_a_proof() -> None:
    """The summary counts what was armed, caught and named, and names false alarms and what nothing kills."""
    caught = outcome(FAULT.name, *(seen(name, Verdict.FAILED) for name in FAULT.requirements))
    missed = outcome(OTHER.name, diagnosis=("another", "cause"), unconfirmed="its sign does not show")
    reference = FaultOutcome("", seen=[seen("OPS-001", Verdict.FAILED)], diagnosis=("cause",))
    checks = [check(FAULT.requirements[0]), check("OPS-001"), check("OPS-002")]
    judged = proof(caught, missed, reference, checks=checks)
    numbers = judged.summary()

    assert (numbers["faults"], numbers["armed"], numbers["caught"]) == (2, 1, 1)
    assert (numbers["named_first"], numbers["named_in_three"]) == (1, 2)
    assert numbers["false_alarms"] == ["suites/contract/test_OPS-001.py::test_it[a]", "diagnosis: cause"]
    assert list(numbers["checks_no_fault_kills"]) == [checks[1].name, checks[2].name]
    assert numbers["requirements_unproven"] == ["OPS-001", "OPS-002"]
    shortcomings = "\n".join(judged.shortcomings())
    assert f"{OTHER.name} is not armed: its sign does not show" in shortcomings
    assert "false alarm on the reference" in shortcomings


def test_what_did_not_come_home_is_a_shortcoming() -> None:
    """A fault whose process ended before its time is told, and not counted as armed."""
    lost = FaultOutcome(FAULT.name, FAULT.requirements, problem="ended with -9 after 150 s")

    assert proof(lost).summary()["armed"] == 0
    assert proof(lost).shortcomings()[0].startswith(f"{FAULT.name} was not tried to the end")


def test_document_and_page() -> None:
    """The document is of its schema, and the page shows every fault and every check that ran."""
    judged = proof(outcome(FAULT.name, seen(FAULT.requirements[0], Verdict.FAILED)), FaultOutcome(""))
    document = judged.document()
    schema = json.loads((ROOT / "reports" / "schema" / "faults.v1.json").read_text())
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
    shown = page(document, judged.diagnosis())

    assert FAULT.diagnosis and FAULT.diagnosis.remedy in shown
    assert f"test_{FAULT.requirements[0]}.py::test_it" in shown


def test_score_is_carried_only_by_the_suite_that_earned_it(tmp_path: Path) -> None:
    """The last whole proof counts, for the suite and register that it is about."""
    judged = proof(outcome(FAULT.name, seen(FAULT.requirements[0], Verdict.FAILED)))
    data = json.dumps(judged.document()).encode()
    keep(tmp_path, "prove-1", {"faults.json": data})
    assert score(tmp_path, "0.1.0", REGISTER.version) is None

    keep(tmp_path, "prove-1", {"faults.json": data}, counts=PROOF)
    counted = score(tmp_path, "0.1.0", REGISTER.version)
    assert counted is not None and (counted["faults"], counted["caught"]) == (1, 1)
    assert score(tmp_path, "0.2.0", REGISTER.version) is None
    (tmp_path / "faults.json").write_text("{")
    assert score(tmp_path, "0.1.0", REGISTER.version) is None


def test_every_check_has_its_turn() -> None:
    """Over all faults each check is tried, and those that must catch come quick ones first."""
    checks = [check(name) for name in REGISTER] + [check(FAULT.requirements[0], local=True)]
    tried: set[str] = set()
    for number in range(40):
        tried |= {one.name for one in others(checks, FAULT, 24, number, tried)}

    assert tried == {one.name for one in checks if not set(one.requirements) & set(FAULT.requirements)}
    assert [one.local for one in expected(checks, FAULT)] == [False] * len(FAULT.requirements) + [True]


def test_each_requirement_of_a_check_is_looked_for() -> None:
    """A check whose cases verify different requirements is tried for each: a red one says nothing of the next."""
    first, second, *_ = FAULT.requirements
    foreign = next(name for name in REGISTER if name not in FAULT.requirements)
    looked_for = expected([check(first, second, second, foreign)], FAULT)

    assert [len(each.cases) for each in looked_for] == [1, 2]


def test_what_nothing_kills_is_tried_first() -> None:
    """Checks that no fault has killed go first, of the same area before all, and none of them is slow."""
    area = area_of(FAULT.requirements[0])
    near = [name for name in REGISTER if area_of(name) == area and name not in FAULT.requirements]
    own_areas = {area_of(name) for name in FAULT.requirements}
    far = [name for name in REGISTER if area_of(name) not in own_areas]
    slow = check(far[1], local=True)
    tried = others([check(near[0]), slow, check(far[0]), check(near[1])], FAULT, 6, 0, {check(near[0]).name})

    assert [one.requirements[0] for one in tried] == [near[1], far[0], near[0]]


def test_every_reason_is_about_a_check_that_there_is() -> None:
    """A check that was renamed or taken away leaves no reason behind."""
    named = [name.split("::") for name in REASONS]

    assert [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text()] == []


def test_signs_do_not_show_on_the_reference(stack: OwnedStack) -> None:
    """What is not armed is not confirmed, and the word says what was seen instead."""
    said = unconfirmed(FAULT.symptoms, stack.target(), "test", {}, settles=0.0)

    assert "200" in said and "not 404" in said


def start(reports: Path, temporary: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a proof."""
    return subprocess.Popen(
        [sys.executable, "scripts/prove", "--store=moto", f"--report-dir={reports}", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a terminal's interrupt goes to all of them
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - no threads here
    )


def test_a_fault_is_armed_caught_and_named(tmp_path: Path) -> None:
    """The whole way for one fault: armed, confirmed, caught, named; exit code 0, report written."""
    process = start(tmp_path / "reports", tmp_path, "--only=artifact-route-missing", "--jobs=1")
    said, _ = process.communicate(timeout=300)

    assert process.returncode == 0, said
    (row,) = json.loads((tmp_path / "reports" / "latest" / "faults.json").read_text())["faults"]
    assert row["armed"] and row["caught"] and row["place"] == 1, row


def folders(temporary: Path) -> list[str]:
    """Return the folders of the stacks of a proof."""
    return [folder.name for folder in temporary.glob("prove-*") if "fresh" not in folder.name]


@pytest.mark.parametrize(
    "by",
    [  # what asks to end is heard alike; what kills is heard by nobody
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.nightly),
        signal.SIGKILL,
    ],
)
def test_an_interrupted_proof_leaves_nothing(tmp_path: Path, by: signal.Signals) -> None:
    """Ended half-way, whatever the way, no process and no folder of it is left a few seconds later."""
    process = start(tmp_path / "reports", tmp_path, "--jobs=1")
    try:
        read_until(process, "proving: ")
        eventually(lambda: len(folders(tmp_path)) > 1, "a fault is looked for on a stack of its own", budget=120.0)
        run = re.sub(r"-\w{8}$", "", folders(tmp_path)[0])
        assert len(processes_of(run)) > 5
        if by == signal.SIGINT:
            os.killpg(process.pid, by)
        else:
            process.send_signal(by)
        if by != signal.SIGKILL:
            said, _ = process.communicate(timeout=600)
            assert process.returncode == 2
            assert "Traceback" not in said, said
            assert not (tmp_path / "reports" / "faults.json").exists()
        eventually(lambda: processes_of(run) == [], "no process of the proof is left")
        eventually(lambda: list(tmp_path.glob("prove-*")) == [], "its folders are gone")
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--only=no-such-fault", "no-such-fault"),
        ("--jobs=0", "--jobs"),
        ("--rounds=x", "--rounds"),
        ("--keep", "--replay"),
    ],
)
def test_a_bad_option_is_told(tmp_path: Path, option: str, said: str) -> None:
    """One line that says what is wrong, and exit code 4."""
    process = start(tmp_path, tmp_path, option)
    output, _ = process.communicate(timeout=600)

    assert process.returncode == 4
    assert said in output and "Traceback" not in output


def caught(name: str) -> FaultOutcome:
    """Return the outcome of a fault that fails every requirement that it is expected to."""
    return outcome(name, *(seen(one, Verdict.FAILED) for one in CATALOGUE[name].requirements))


def test_a_suite_stands_or_falls() -> None:
    """A whole proof stands with few misses; a false alarm, a fault that is not armed, or many misses end that."""
    names = list(CATALOGUE)[:50]
    good = [caught(name) for name in names]
    missed = outcome(names[0])

    assert proof(*good, FaultOutcome("")).stands
    assert proof(*good[1:], missed).stands
    assert not proof(*good[2:], missed, outcome(names[1])).stands
    assert not proof(*good[1:], outcome(names[0], unconfirmed="no sign")).stands
    assert not proof(*good, FaultOutcome("", seen=[seen("OPS-001", Verdict.FAILED)])).stands
    assert not proof(*(replace(one, diagnosis=("another", "cause")) for one in good)).stands
