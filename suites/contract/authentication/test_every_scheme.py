"""A credential of whatever scheme counts by its secret: a key, a password, a token, a signature."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fixtures.credentials import EndingToken
from fixtures.essentials import Payload
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.denial import expect_kept_out, is_denied
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.sign_in import carries_away
from registry_conformance.judge.expect import expect_equal, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.judge.target.credential import Credential

SPOILINGS = ["wrong", "empty", "cut"]
SEARCH = "/api/2.0/mlflow/experiments/search"
IN_A_URL = ["access_token", "api_key", "token", "key", "password", "authorization"]
BAD = ("Bearer hk_conformance_no_such_key_00000000", "Basic bm9ib2R5Om5vLXN1Y2gtcGFzc3dvcmQ=")


@lacks_right("anonymous", "read")
@verifies("AUT-060")
@pytest.mark.parametrize("how", SPOILINGS)
def test_spoiled_secret_reads_nothing(door: MlflowHttp, bad_credential: Credential) -> None:
    """A credential whose secret is wrong, empty or cut searches nothing."""
    require(door.search_experiments(), 200)  # control: the secret makes the difference

    expect_kept_out(door.with_key(bad_credential).search_experiments())


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-060")
@pytest.mark.parametrize("how", SPOILINGS)
def test_spoiled_secret_uploads_nothing(
    door: MlflowHttp, bad_credential: Credential, location: str, payload: Payload, bucket: Bucket
) -> None:
    """A credential whose secret is wrong, empty or cut uploads nothing."""
    require(door.put_artifact(location, "mine.bin", payload(100)), 200)

    expect_kept_out(door.with_key(bad_credential).put_artifact(location, "theirs.bin", payload(100)))
    expect_equal(bucket.under(location), {"mine.bin": 100}, "objects at the location")


@lacks_right("anonymous", "read")
@verifies("AUT-061")
@pytest.mark.parametrize("schemes", [BAD, BAD[::-1], BAD[:1] * 2], ids=["key-password", "password-key", "twice"])
def test_two_bad_credentials_are_no_good_one(door: MlflowHttp, anonymous: MlflowHttp, schemes: tuple[str, ...]) -> None:
    """Two bad credentials in one request, of one scheme or of two, are refused."""
    require(door.search_experiments(), 200)  # control: a good one is let in

    headers = [("Authorization", scheme) for scheme in schemes]
    expect_kept_out(anonymous.send("GET", SEARCH, query={"max_results": 1}, headers=headers))


@lacks_right("anonymous", "read")
@verifies("AUT-062")
@pytest.mark.parametrize("bad", BAD, ids=["key", "password"])
@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["good", "bad"])
def test_good_credential_beside_a_bad_one_is_judged_one_way(
    door: MlflowHttp, anonymous: MlflowHttp, good_header: tuple[str, str], bad: str, order: slice
) -> None:
    """A good credential beside a bad one is judged the same each time."""
    require(door.search_experiments(), 200)  # control: the good one is let in
    expect_kept_out(anonymous.send("GET", SEARCH, query={"max_results": 1}, headers=[("Authorization", bad)]))
    headers = [("Authorization", bad), good_header][order]
    met = [anonymous.send("GET", SEARCH, query={"max_results": 1}, headers=headers) for _ in range(4)]

    expect_equal([str(each) for each in met if each.broke], [], "requests that broke")
    expect_equal(len({each.ok for each in met}), 1, "ways in which it was judged")


@lacks_right("anonymous", "read")
@verifies("AUT-063")
@pytest.mark.parametrize("name", IN_A_URL)
def test_secret_in_a_url_lets_nobody_in(
    door: MlflowHttp, anonymous: MlflowHttp, disposable_secret: str, name: str
) -> None:
    """A good secret in the query of a URL lets nobody in."""
    require(door.search_experiments(), 200)  # control: where it belongs it does

    expect_kept_out(anonymous.send("GET", SEARCH, query={"max_results": 1, name: disposable_secret}))


@verifies("AUT-064")
def test_no_credential_is_carried_away(let_in: Sequence[Exchange]) -> None:
    """No request with a good credential is redirected to another host."""
    expect_equal(
        [f"{each} to {each.header('location')[:200]}" for each in let_in if carries_away(each)], [], "redirects"
    )


@lacks_right("anonymous", "artifact-write")
@verifies("AUT-065")
def test_upload_that_outlasts_its_token_is_whole_or_refused(
    door: MlflowHttp, ending_token: EndingToken, location: str, payload: Payload
) -> None:
    """An upload that outlasts its token is stored whole or leaves nothing."""
    require(ending_token.door.search_experiments(), 200)  # control: it is good so far
    met = ending_token.upload_beyond_its_end(location, "late.bin", payload(100_000))
    fetched = door.get_artifact(location, "late.bin")

    assert met.ok or is_denied(met), met
    stored = (fetched.status, fetched.response_body.sha256 == met.request_body.sha256)
    whole_or_nothing = {True: (200, True), False: (404, False)}
    expect_equal(stored, whole_or_nothing[met.ok], "status, and whether the bytes are those sent")
    require(door.search_experiments(), 200)  # control: with a token that still lasts all is well
    expect_kept_out(ending_token.search_after_leeway())
