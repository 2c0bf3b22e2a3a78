"""A key may do what its scopes say, each by itself, and nothing by a word that is no scope."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fixtures.essentials import Unique
from fixtures.scratch_stack import Scratch
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, Auth, FixedAnswer, KeyService

RIGHTS = {
    "reads": (["mlflow:read"], 200, 403),
    "writes": (["mlflow:write"], 200, 200),
    "administers": (["mlflow:admin"], 200, 200),
    "reads-and-more": (["other:write", "mlflow:read"], 200, 403),
    "nearly": (["mlflow:reader", "mlflow:writes", "MLFLOW:WRITE", "mlflow", "write", "*"], 403, 403),
    "none": ([], 403, 403),
}
"""Case -> the scopes of a key, and what a read and a write by it come to."""


@verifies("AUZ-036")
@pytest.mark.parametrize("case", RIGHTS)
def test_scope_gives_its_rights_by_itself(scratch: Scratch, unique: Unique, case: str) -> None:
    """A key with these scopes reads and writes as they say."""
    scopes, read, write = RIGHTS[case]
    said = {"is_valid": True, "key_id": "key-1", "user_id": "user-1", "service_id": "platform", "scopes": scopes}
    keys = KeyService(answer=FixedAnswer(200, json.dumps(said)))
    door = scratch.apply(replace(REFERENCE, auth=Auth(cache=0.0), keys=keys))

    statuses = door.search_experiments().status, door.create_experiment(unique("scope")).status
    expect_equal(statuses, (read, write), f"statuses of a read and a write with the scopes {scopes}")
