"""Every listener judges alike: what is refused, told or taken away without TLS is under it too."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import CredentialOf
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.comparison import expect_same_answer, expect_same_headers
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, MlflowHttp
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_status, expect_within, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door

JSON = ("Content-Type", "application/json")
TOLD = ("www-authenticate", "retry-after", "content-type", "server", "x-powered-by", "via")
"""Headers of an answer that must be the same at every listener."""


@lacks_right("anonymous", "read")
@verifies("OPS-040")
@pytest.mark.parametrize("state", ["expired", "revoked", "other-service", "throttled"])
def test_bad_key_is_refused_alike(door: MlflowHttp, secure: MlflowHttp, credential: CredentialOf, state: str) -> None:
    """A key that is valid no more is refused under TLS as without it."""
    require(secure.search_experiments(), 200)  # control: with a good key
    bad = credential(state)
    plain, under_tls = (each.with_key(bad).search_experiments() for each in (door, secure))

    expect_within([under_tls.status], (401, 403, 429), "status of the refusal")
    expect_same_answer(under_tls, plain)
    expect_same_headers(under_tls, plain, TOLD)


@lacks_right("reader", "write")
@verifies("OPS-040")
@pytest.mark.parametrize("path", ["experiments/set-experiment-tag", "runs/set-tag", "registered-models/set-tag"])
def test_reader_changes_nothing_under_tls(
    door: MlflowHttp, secure: MlflowHttp, credential: CredentialOf, path: str
) -> None:
    """A reader's write is refused under TLS as without it."""
    plain, under_tls = (each.with_key(credential("reader")).post(path) for each in (door, secure))

    expect_status(under_tls, 403)
    expect_same_answer(under_tls, plain)


@verifies("OPS-041")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/no/such/path"),
        ("GET", f"{REST}/no-such-thing"),
        ("GET", f"{REST}/runs/get?run_id=none"),
        ("GET", f"{REST}//experiments/get?experiment_id=0"),
        ("GET", f"{REST}/experiments/../experiments/get?experiment_id=0"),
        ("GET", f"{REST}/experiments%2Fget?experiment_id=0"),
        ("PATCH", f"{REST}/experiments/get"),
        ("GET", f"{ARTIFACTS}/artifacts/"),
        ("DELETE", f"{ARTIFACTS}/artifacts/"),
        ("PUT", f"{ARTIFACTS}/artifacts/%2e%2e/a.bin"),
        ("OPTIONS", f"{REST}/experiments/get"),
        ("POST", "/health"),
        ("GET", "/health"),
        ("GET", "/version"),
    ],
)
def test_request_is_answered_alike(door: MlflowHttp, secure: MlflowHttp, method: str, path: str) -> None:
    """This request is answered under TLS as without it, with a key or none."""
    plain, under_tls = (each.send(method, path) for each in (door, secure))
    strangers = [each.with_key(None).send(method, path) for each in (door, secure)]

    expect_same_answer(under_tls, plain)
    expect_same_answer(strangers[1], strangers[0])
    expect_same_headers(under_tls, plain, TOLD)
    expect_same_headers(strangers[1], strangers[0], TOLD)


@verifies("OPS-041")
@pytest.mark.parametrize("kilobytes", [8, 14, 17, 40])
def test_long_headers_are_answered_alike(door: MlflowHttp, secure: MlflowHttp, kilobytes: int) -> None:
    """Headers of some length are taken or refused under TLS as without it."""
    long = [("X-Long", "x" * kilobytes * 1024)]
    plain, under_tls = (each.send("GET", "/version", headers=long) for each in (door, secure))

    expect_same_answer(under_tls, plain)


@verifies("OPS-041")
def test_request_id_is_kept_under_tls(secure: MlflowHttp) -> None:
    """The client's request id comes back under TLS; without one there is one."""
    mine, made = secure.send("GET", "/version", headers=[("X-Request-Id", "mine-42")]), secure.version()

    expect_equal(expect_status(mine, 200).request_id, "mine-42", "request id")
    assert expect_status(made, 200).request_id, made


@lacks_right("anonymous", "read")
@verifies("OPS-040")
@pytest.mark.parametrize(
    "header",
    ["X-Hokusai-User-Id", "x_hokusai_user_id", "X-Envoy-Original-Path", "X-Forwarded-User", "X-Hokusai-Client-Ip"],
)
def test_claimed_identity_gains_nothing_under_tls(secure: MlflowHttp, header: str) -> None:
    """An identity that a client claims lets nobody in under TLS."""
    require(secure.search_experiments(), 200)  # control: with a key
    claimed = secure.with_key(None).send(
        "POST", f"{REST}/experiments/search", body=b"{}", headers=[JSON, (header, "admin")]
    )

    expect_denied(claimed)
