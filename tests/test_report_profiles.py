"""What a report says of profiles, of a broken door, and of whether a third party can register a model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_conformance.judge.promises import Promises
from registry_conformance.judge.report.page.render import render as render_page
from registry_conformance.judge.report.profiles import by_profile, registration
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.summary import summary
from registry_conformance.judge.report.verdicts_json import render
from registry_conformance.judge.requirement import Level, Register, Requirement
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session.failure_diagnosis import breaks_a_promise

REGISTER = Register(
    {
        name: Requirement(name, Level.MUST, "area", "proxy", f"{name} holds.", "docs/mlflow.md#routes", profile)
        for name, profile in {
            "REG-001": "mlflow",
            "REG-002": "mlflow",
            "REG-015": "mlflow",
            "AUT-001": "gateway",
            "RTE-020": "platform",
        }.items()
    },
    "abc123def456",
)
PROMISES = Promises({"mlflow": "every deployment promises it", "gateway": "its file gives keys"})
DOORS = {"canonical": "http://a.example", "literal": "http://b.example"}


def check(
    requirement: str, verdict: Verdict = Verdict.PASSED, door: str = "canonical", actual: str = ""
) -> CheckRecord:
    """Return the record of a check at a door."""
    nodeid = f"suites/contract/test_x.py::test_{requirement}[{door}]"
    return CheckRecord(nodeid, (requirement,), verdict, 0.1, door=door, actual=actual, message=actual)


def run_of(*records: CheckRecord, broken: dict[str, str] | None = None) -> RunRecord:
    """Return a run over two doors."""
    target = {
        "versions": {},
        "capabilities": {},
        "ways": {},
        "faults": [],
        "name": "x",
        "kind": "live",
        "doors": DOORS,
        "promises": PROMISES.describe(),
        "broken_doors": broken or {},
    }
    moment = "2026-01-02T03:04:05.000+00:00"
    return RunRecord("r", "0", REGISTER, target, moment, moment, 1.0, 0, records=records, client="3.17.2")


def test_verdict_is_by_profile() -> None:
    """Each profile has its own verdict, whether it is promised, and how that is known."""
    run = run_of(
        check("REG-001"), check("AUT-001", Verdict.FAILED), check("RTE-020", Verdict.INAPPLICABLE, actual="no")
    )
    found = by_profile(run)

    assert {name: (row["promised"], row["verdict"]) for name, row in found.items()} == {
        "mlflow": (True, "passed"),
        "gateway": (True, "failed"),
        "platform": (False, "inapplicable"),
    }
    assert found["gateway"]["how"] == "its file gives keys"
    assert render(run)["profiles"] == found
    assert render(run)["requirements"]["AUT-001"]["profile"] == "gateway"
    page = b"".join(render_page(run)).decode()
    assert '<th scope="row">gateway</th><td>yes<small> its file gives keys</small>' in page
    assert '<th scope="row">platform</th><td>no<small> not declared</small>' in page
    rows = [line.split()[0] for line in summary(run) if line[:1].isalpha() and line.split()[-1].isdigit()]
    assert rows[-3:] == ["mlflow", "gateway", "checks"]


WHOLE = (check("REG-001"), check("REG-002"), check("REG-015"))


@pytest.mark.parametrize(
    ("records", "broken", "said"),
    [
        (WHOLE, {}, "yes, with the MLflow client 3.17.2: proved by REG-001, REG-002, REG-015"),
        ((*WHOLE, check("AUT-001", Verdict.FAILED)), {}, "yes, with the MLflow client 3.17.2: proved by REG-001"),
        ((*WHOLE, check("REG-002", Verdict.FAILED, actual="404")), {}, "no, with the MLflow client 3.17.2: 404"),
        ((check("REG-001", Verdict.INCONCLUSIVE, actual="cut"),), {}, "not known: cut"),
        ((check("REG-002"),), {}, "not known: no registration came to its end"),
        ((check("AUT-001"),), {}, "not known: no registration was tried"),
        ((check("REG-001", Verdict.INAPPLICABLE, actual="read-only"),), {}, "not known: read-only"),
        ((*WHOLE, check("REG-001", door="")), {}, "yes, with the MLflow client 3.17.2: proved by REG-001"),
        (
            WHOLE,
            {"literal": "404"},
            "partly, with the MLflow client 3.17.2: yes at the canonical door (proved by REG-001",
        ),
        ((), {"canonical": "404", "literal": "404"}, "no, with the MLflow client 3.17.2: this door is broken"),
    ],
)
def test_registration_is_said_apart(records: tuple[CheckRecord, ...], broken: dict[str, str], said: str) -> None:
    """Whether a third party can register is told by the checks of registrations, and by nothing else."""
    run = run_of(*records, broken=broken)

    assert str(registration(run)).startswith(said)
    assert f"Can a third party register a model here: {registration(run)}"[:100] in "\n".join(summary(run))


def test_broken_door_is_one_line() -> None:
    """A door that is broken is one line with its cause, and none of its checks is shown again."""
    why = "POST http://b.example/api/2.0/mlflow/experiments/search → 404"
    unsent = [check(name, Verdict.INCONCLUSIVE, "literal", why) for name in ("REG-001", "REG-002", "AUT-001")]
    run = replace(run_of(*WHOLE, *unsent, broken={"literal": why}), exit_code=6)
    lines = summary(run)

    assert f"The literal door is broken: {why}; 3 checks there were not sent" in lines
    assert len([line for line in lines if why in line]) == 1
    assert not [line for line in lines if line.startswith(("FAILED", "INCONCLUSIVE"))]


def test_cause_of_what_nobody_promised_is_none() -> None:
    """What breaks nothing but requirements that the target does not promise is no cause of what is red there."""
    run, target = run_of(*WHOLE), Target("x", "live", (), {}, promises=PROMISES)

    assert breaks_a_promise({"RTE-020", "AUT-001"}, run, target)
    assert breaks_a_promise(set(), run, target)
    assert not breaks_a_promise({"RTE-020"}, run, target)
