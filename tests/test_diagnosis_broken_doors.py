"""A door that is broken while others work: what is said of it, and that nothing else is looked at for it."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.named import Diagnosis
from registry_conformance.judge.diagnosis.preflight.target import examine_broken
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session import failure_diagnosis
from registry_conformance.run.session.failure_diagnosis import diagnosed
from tests.test_report_profiles import check, run_of
from tests.web_answers import Answer, always, site


def closed_port() -> int:
    """Return a port at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def target_of(good: str, bad: str) -> Target:
    """Return a target with a door that works and one that is known to be broken."""
    return Target("x", "live", (Door("canonical", good), Door("literal", bad, broken="refused", patience=1.0)), {})


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The doors that each further look was about; none finds anything."""
    seen: list[tuple[str, ...]] = []

    def look(target: Target, *_: object, **__: object) -> Diagnosis:
        seen.append(tuple(door.name for door in target.doors))
        return Diagnosis((), Facts())

    monkeypatch.setattr(failure_diagnosis, "diagnose", look)
    return seen


def test_dead_door_is_named_and_nothing_else_is_looked_at(looked_at: list[tuple[str, ...]]) -> None:
    """Where nothing is red elsewhere, the run says which port is closed, and the doors that work are left alone."""
    target = target_of("http://127.0.0.1:1", f"http://127.0.0.1:{closed_port()}")
    unsent = check("AUT-001", Verdict.INCONCLUSIVE, "literal", "refused")
    run = run_of(check("REG-001"), unsent, broken={"literal": "refused"})

    told = diagnosed(run, target, examine_broken(target, "run"))

    assert [cause["id"] for cause in told.diagnosis] == ["door-port-closed"]
    assert looked_at == []


@pytest.mark.parametrize("red", [check("REG-001", Verdict.FAILED), check("REG-002", Verdict.FAILED, door="")])
def test_red_elsewhere_is_looked_at_without_the_dead_door(red: CheckRecord, looked_at: list[tuple[str, ...]]) -> None:
    """Where a check is red at a door that works, the target is looked at, less the door that nobody reaches."""
    target = target_of("http://127.0.0.1:1", f"http://127.0.0.1:{closed_port()}")
    run = replace(run_of(red, broken={"literal": "refused"}), exit_code=1)

    told = diagnosed(run, target, examine_broken(target, "run"))

    assert looked_at == [("canonical",)]
    assert [cause["id"] for cause in told.diagnosis] == ["door-port-closed"]


def test_door_that_answers_wrongly_is_a_question_of_its_own() -> None:
    """A door that answers 500 to everything is reached: its cause may lie deeper, and it stays to be asked."""
    with site(always(Answer(500, "oops"))) as failing:
        examined = examine_broken(target_of("http://127.0.0.1:1", failing.url), "run")

    assert [door.name for door in examined.target.doors] == ["literal"]
    assert examined.ended == ()


def test_door_that_answers_wrongly_is_looked_at_with_the_others(looked_at: list[tuple[str, ...]]) -> None:
    """Where a broken door is reached, it is looked at beside those that work, and then alone if that names nothing."""
    with site(always(Answer(500, "oops"))) as failing:
        target = target_of("http://127.0.0.1:1", failing.url)
        unsent = check("AUT-001", Verdict.INCONCLUSIVE, "literal", "500")
        run = run_of(check("REG-001"), unsent, broken={"literal": "500"})
        diagnosed(run, target, examine_broken(target, "run"))

    assert looked_at == [("canonical", "literal"), ("literal",)]
