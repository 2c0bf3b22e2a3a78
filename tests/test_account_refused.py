"""Plans that cannot be judged are refused with what is wrong; what is empty, or taken away, is judged as that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.plan.document import PlanError
from registry_conformance.judge.account.plan.file import read_plan
from registry_conformance.judge.verdict import Verdict
from tests.account.plan_changes import judged, plan, take_out, with_verdict


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"complete": False}, "it is not whole"),
        ({"planned_values": {"root_module": []}}, r"planned_values\.root_module is missing, or of another form"),
        ({"planned_values": {"root_module": {"resources": ["x"]}}}, r"resources\.0 is missing"),
        ({"planned_values": {"root_module": {"resources": [{}]}}}, r"resources\.0\.address is missing"),
        ({"resource_changes": {}}, "resource_changes is missing, or of another form"),
        ({"configuration": []}, "configuration is missing, or of another form"),
    ],
)
def test_what_is_of_another_form_is_refused(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    """A plan that is not whole, or of another form than plans have, is refused with the place."""
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan() | changed))
    with pytest.raises(PlanError, match=told):
        read_plan(file)


def test_plan_that_plans_nothing_is_refused(tmp_path: Path) -> None:
    """A plan of a refresh alone holds no planned values: nothing is missing for that."""
    found = plan()
    held = take_out(found, "aws_s3_bucket")
    found["prior_state"]["values"]["root_module"]["resources"] += held
    refreshed = {name: value for name, value in found.items() if name != "resource_changes"}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(refreshed | {"planned_values": {"root_module": {}}}))
    with pytest.raises(PlanError, match="made by -refresh-only"):
        read_plan(file)


@pytest.mark.parametrize("emptied", ["resource_changes", "prior_state", "configuration", "variables"])
def test_parts_of_a_plan_may_be_null(tmp_path: Path, emptied: str) -> None:
    """What a plan has nothing to say of may be null: nothing fails for it."""
    assert with_verdict(judged(tmp_path, plan() | {emptied: None}), Verdict.FAILED) == set()


def test_plan_that_destroys_the_bucket_fails(tmp_path: Path) -> None:
    """A plan that takes the bucket away fails for that, whatever was there."""
    found = plan()
    for each in found["resource_changes"]:
        each["change"] |= {"actions": ["delete"], "before": each["change"]["after"], "after_unknown": {}}
    found["planned_values"] = {"root_module": {}}
    findings = judged(tmp_path, found)

    assert {"INF-001", "INF-031", "INF-040"} == with_verdict(findings, Verdict.FAILED)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04", "it is a binary plan"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[]", "it has no format_version"),
        (b'{"format_version": "1.0", "values": {}}', "it is no plan but a state"),
        (b'{"format_version": "2.1", "planned_values": {}}', "format version 2.1 is unknown"),
        (b'{"format_version": "1.2", "planned_values": {}, "errored": true}', "planning ended with an error"),
    ],
)
def test_what_is_no_plan_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    """A file that is no plan is refused with what it is, and how to make one."""
    file = tmp_path / "plan.json"
    file.write_bytes(content)
    with pytest.raises(PlanError, match=said):
        read_plan(file)
