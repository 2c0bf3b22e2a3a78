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

ALL, READS, NOTHING = [200, 200, 200, 200], [200, 403, 200, 403], [403, 403, 403, 403]
"""Statuses of a read, a write, a list of artifacts, and an upload."""
RIGHTS = {
    "reader": (["mlflow:read"], READS),
    "writer": (["mlflow:write"], ALL),
    "admin": (["mlflow:admin"], ALL),
    "reader-and-more": (["other:write", "mlflow:read"], READS),
    "nearly": (["mlflow:reader", "mlflow:writes", "MLFLOW:WRITE", "mlflow", "write", "*"], NOTHING),
    "none": ([], NOTHING),
}
"""Case -> the scopes of a key, and what requests by it come to."""


@verifies("AUZ-036")
@pytest.mark.parametrize("case", RIGHTS)
def test_scope_gives_its_rights_by_itself(scratch: Scratch, unique: Unique, case: str) -> None:
    """A key with these scopes reads and writes as they say."""
    scopes, expected = RIGHTS[case]
    said = {"is_valid": True, "key_id": "key-1", "user_id": "user-1", "service_id": "platform", "scopes": scopes}
    keys = KeyService(answer=FixedAnswer(200, json.dumps(said)))
    door = scratch.apply(replace(REFERENCE, auth=Auth(cache=0.0), keys=keys))

    place = f"mlflow-artifacts:/{unique('scope')}"
    asked = [door.search_experiments(), door.create_experiment(unique("scope"))]
    asked += [door.list_artifacts(place), door.put_artifact(place, "a.bin", b"x")]

    expect_equal([each.status for each in asked], expected, f"statuses of the requests with the scopes {scopes}")
