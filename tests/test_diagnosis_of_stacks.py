"""A stack that is broken on purpose is given its cause, both of two, and a healthy one none."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis import diagnose
from registry_conformance.judge.diagnosis.fact_names import declared
from registry_conformance.judge.diagnosis.probe_run import look
from registry_conformance.judge.machine import new_run_id
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.stack.handle import OwnedStack


@pytest.mark.parametrize(
    "fault", ["artifact-route-missing", "key-service-down", "bucket-missing", "x-api-key-not-read"]
)
def test_a_fault_is_diagnosed(fault: str, stack: OwnedStack) -> None:
    """The cause of a fault comes first, with observations, its remedy, and a link to its entry."""
    try:
        target = stack.apply(CATALOGUE[fault].change(REFERENCE))
        found = diagnose(target, new_run_id())
    finally:
        stack.apply(REFERENCE)
    first = found.causes[0]
    assert first.id == CATALOGUE[fault].cause, [(each.id, each.band) for each in found.causes]
    assert not first.alternative
    assert 0 < len(first.observations) <= 3
    assert first.remedy
    assert first.link == f"docs/troubleshooting.md#{first.id}"
    assert CATALOGUE[fault].requirements[0] in first.requirements


def test_no_further_part_is_looked_at_once_enough_is_known(stack: OwnedStack) -> None:
    """Once the flow of a client tells enough, nothing large, odd or many at once is sent any more."""
    facts = look(stack.apply(REFERENCE), new_run_id(), enough=lambda _: True)

    assert facts.value("put.P").startswith("200")
    assert "open.main.P" not in facts, "its manners were looked at"
    assert "together.P" not in facts, "its extremes were looked at"


def test_two_faults_give_two_causes(stack: OwnedStack) -> None:
    """Two faults that do not hide each other are both named, before any alternative."""
    faults = ("presigned-route-missing", "x-api-key-not-read")
    broken = CATALOGUE[faults[1]].change(CATALOGUE[faults[0]].change(REFERENCE))
    try:
        found = diagnose(stack.apply(broken), new_run_id())
    finally:
        stack.apply(REFERENCE)
    assert {each.id for each in found.named} == {CATALOGUE[fault].cause for fault in faults}


def test_the_reference_is_given_no_cause_and_keeps_nothing(stack: OwnedStack) -> None:
    """A look at the healthy reference finds nothing odd, and leaves no object in the bucket."""
    from registry_conformance.judge.clients.bucket import Bucket  # noqa: PLC0415 - boto3 takes a while, and only this needs it
    from registry_conformance.judge.evidence.recorder import Evidence  # noqa: PLC0415 - as above

    target = stack.target()
    assert target.bucket is not None
    bucket = Bucket(target.bucket, Evidence())
    before = bucket.keys(target.bucket.prefix)
    found = diagnose(target, new_run_id())
    assert [(fact.name, fact.value) for fact in found.facts.anomalies] == []
    assert found.causes == ()
    assert bucket.keys(target.bucket.prefix) == before


def test_every_fact_that_is_told_is_declared(stack: OwnedStack) -> None:
    """A probe that tells something new declares what it means."""
    told = look(stack.target(), new_run_id())
    assert [name for name in told if not declared(name)] == []
