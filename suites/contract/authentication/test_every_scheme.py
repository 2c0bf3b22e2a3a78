"""A credential of whatever scheme counts by its secret: a key, a password, a token, a signature."""

from __future__ import annotations

import pytest

from fixtures.essentials import Payload
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.spoiled import Spoiling, spoiled
from registry_conformance.judge.denial import expect_kept_out
from registry_conformance.judge.expect import expect_equal, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.judge.target.credential import Credential

SPOILINGS = ["wrong", "empty", "cut"]
SEARCH = "/api/2.0/mlflow/experiments/search"
BAD = ("Bearer hk_conformance_no_such_key_00000000", "Basic bm9ib2R5Om5vLXN1Y2gtcGFzc3dvcmQ=")


@lacks_right("anonymous", "read")
@verifies("AUT-060")
@pytest.mark.parametrize("how", SPOILINGS)
def test_spoiled_secret_reads_nothing(door: MlflowHttp, own_credential: Credential, how: Spoiling) -> None:
    """A credential whose secret is wrong, empty or cut searches nothing."""
    require(door.search_experiments(), 200)  # control: the secret makes the difference

    expect_kept_out(door.with_key(spoiled(own_credential, how)).search_experiments())


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-060")
@pytest.mark.parametrize("how", SPOILINGS)
def test_spoiled_secret_uploads_nothing(
    door: MlflowHttp, own_credential: Credential, how: Spoiling, location: str, payload: Payload, bucket: Bucket
) -> None:
    """A credential whose secret is wrong, empty or cut uploads nothing."""
    require(door.put_artifact(location, "mine.bin", payload(100)), 200)

    expect_kept_out(door.with_key(spoiled(own_credential, how)).put_artifact(location, "theirs.bin", payload(100)))
    expect_equal(bucket.under(location), {"mine.bin": 100}, "objects at the location")


@lacks_right("anonymous", "read")
@verifies("AUT-061")
@pytest.mark.parametrize("schemes", [BAD, BAD[::-1], BAD[:1] * 2], ids=["key-password", "password-key", "twice"])
def test_two_bad_credentials_are_no_good_one(door: MlflowHttp, anonymous: MlflowHttp, schemes: tuple[str, ...]) -> None:
    """Two bad credentials in one request, of one scheme or of two, are refused."""
    require(door.search_experiments(), 200)  # control: a good one is let in

    headers = [("Authorization", scheme) for scheme in schemes]
    expect_kept_out(anonymous.send("GET", SEARCH, query={"max_results": 1}, headers=headers))
