"""A key that is not good is refused, whatever is wrong with it."""

from __future__ import annotations

import pytest

from fixtures.essentials import KeyOf, Payload
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_json_error, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies

UNKNOWN = "hk_conformance_no_such_key_00000000"


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-023")
@pytest.mark.parametrize("state", ["expired", "revoked", "other-service"])
def test_issued_key_uploads_nothing(door: MlflowHttp, key: KeyOf, state: str, location: str, bucket: Bucket) -> None:
    """A key that is valid no more uploads nothing."""
    require(door.put_artifact(location, "mine.bin", b"x" * 100), 200)

    expect_denied(door.with_key(key(state)).put_artifact(location, "theirs.bin", b"x" * 100))
    expect_equal(bucket.under(location), {"mine.bin": 100}, "objects at the location")


@lacks_right("anonymous", "artifact-read")
@verifies("AUT-023")
def test_unknown_key_downloads_nothing(door: MlflowHttp, location: str, payload: Payload) -> None:
    """An unknown key downloads nothing."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    require(door.get_artifact(location, "a.bin"), 200)  # control: there is something to download

    expect_denied(door.with_key(UNKNOWN).get_artifact(location, "a.bin"))


@lacks_right("anonymous", "read")
@verifies("AUT-014")
@pytest.mark.parametrize("name", ["api_key", "access_token"])
def test_key_in_the_query_is_refused(door: MlflowHttp, anonymous: MlflowHttp, disposable_key: str, name: str) -> None:
    """A key in the query string is refused."""
    path = "/api/2.0/mlflow/experiments/search"
    accepted = door.with_key(disposable_key).send("GET", path, query={"max_results": 1})
    refused = anonymous.send("GET", path, query={"max_results": 1, name: disposable_key})

    require(accepted, 200)  # control: the same key in a header is good
    expect_refused(refused, 401)


@lacks_right("anonymous", "read")
@verifies("AUT-018")
def test_missing_key_is_challenged(door: MlflowHttp, anonymous: MlflowHttp) -> None:
    """A refusal because of a missing key says how to authenticate."""
    require(door.search_experiments(), 200)  # control: the key makes the difference
    refused = expect_status(anonymous.search_experiments(), 401)

    assert refused.header("www-authenticate"), refused


@lacks_right("anonymous", "read")
@verifies("AUT-018", "AUT-019")
def test_bad_key_is_challenged(door: MlflowHttp) -> None:
    """A refusal of a key is JSON and says how to authenticate."""
    require(door.search_experiments(), 200)  # control: the key makes the difference
    refused = expect_json_error(door.with_key(UNKNOWN).search_experiments(), 401)

    assert refused.header("www-authenticate"), refused


@lacks_right("anonymous", "read")
@verifies("AUT-020")
def test_same_key_gets_the_same_answer(door: MlflowHttp) -> None:
    """The same bad key gets the same answer again."""
    bad = door.with_key(UNKNOWN)
    first, second = expect_denied(bad.search_experiments()), bad.search_experiments()
    require(door.search_experiments(), 200)  # control: a good key is accepted between
    third = bad.search_experiments()

    expect_equal([second.status, third.status], [first.status] * 2, "statuses for one bad key")


@lacks_right("anonymous", "read")
@verifies("AUT-021")
@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_refusal_keeps_the_keys_state_to_itself(door: MlflowHttp, key: KeyOf, state: str) -> None:
    """A refusal does not tell a known key from an unknown one."""
    known = expect_status(door.with_key(key(state)).search_experiments(), 401)
    unknown = expect_status(door.with_key(UNKNOWN).search_experiments(), 401)

    require(door.search_experiments(), 200)  # control: a good key is accepted
    expect_equal(known.json(), unknown.json(), "refusal")


@lacks_right("anonymous", "read")
@verifies("AUT-025")
def test_refusal_does_not_repeat_the_key(door: MlflowHttp) -> None:
    """A refusal does not repeat the key that was sent."""
    refused = expect_denied(door.with_key(UNKNOWN).search_experiments())

    require(door.search_experiments(), 200)  # control: a good key is accepted
    assert UNKNOWN not in f"{refused.text} {refused.response_headers}", refused
