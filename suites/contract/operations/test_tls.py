"""TLS is what the deployment declares: who it is, what it speaks, and the same service behind it."""

from __future__ import annotations

from fixtures.doors import one_door
from fixtures.essentials import Payload, Unique
from fixtures.policy import lacks_right
from fixtures.runs import Run
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.comparison import expect_same_answer
from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.clients.sdk import Sdk
from registry_conformance.judge.clients.tls import OTHER_HOST, TOO_OLD, UNTRUSTED, Handshakes
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door

FOUND = f"{REST}/experiments/get?experiment_id=0"


@verifies("OPS-024")
def test_certificate_names_the_host(handshakes: Handshakes) -> None:
    """The certificate is signed by the authority and names the door's host."""
    expect_equal(handshakes.meet(host="elsewhere.test").problem, OTHER_HOST, "problem of whoever meets another")
    expect_equal(handshakes.meet().problem, "", "problem of whoever meets the door's host")


@verifies("OPS-024")
def test_stranger_trusts_nobody(secure: MlflowHttp, untrusting: MlflowHttp, handshakes: Handshakes) -> None:
    """A client that does not know the authority sends nothing."""
    expect_equal(handshakes.meet().problem, "", "problem of a client that knows it")  # control
    expect_status(secure.search_experiments(), 200)
    refused = untrusting.search_experiments()

    expect_equal((refused.status, refused.error.partition(":")[0]), (None, "tls"), f"status and problem of {refused}")
    expect_equal(Handshakes(untrusting.door, untrusting.evidence).meet().problem, UNTRUSTED, "problem")


@verifies("OPS-025")
def test_version_below_the_floor_is_refused(handshakes: Handshakes, tls_floor: str, below_floor: str) -> None:
    """The lowest declared version of TLS is accepted, none below it."""
    expect_equal(handshakes.meet(only=tls_floor).version, tls_floor, "version")  # control: the floor itself holds

    expect_equal(handshakes.meet(only=below_floor).problem, TOO_OLD, f"problem with {below_floor}")


@verifies("OPS-034")
def test_best_version_is_agreed_on(handshakes: Handshakes) -> None:
    """TLS 1.3 is negotiated with a client that offers it."""
    expect_equal(handshakes.meet().version, "TLSv1.3", "version")


@verifies("OPS-026")
def test_answers_are_the_same_under_tls(door: MlflowHttp, secure: MlflowHttp) -> None:
    """A request is answered under TLS as without it."""
    expect_same_answer(secure.search_experiments(), expect_status(door.search_experiments(), 200))
    expect_same_answer(secure.get("runs/get", run_id="no-such-run"), door.get("runs/get", run_id="no-such-run"))


@verifies("OPS-026")
def test_bytes_are_the_same_under_tls(secure: MlflowHttp, run: Run, payload: Payload, bucket: Bucket) -> None:
    """Bytes that went through TLS lie in the bucket and come back."""
    sent = payload(200_000)
    require(secure.put_artifact(run.location, "a.bin", sent), 200)

    expect_equal(bucket.body(bucket.key_for(run.location, "a.bin")), Body.of([sent]), "object")
    expect_equal(expect_status(secure.get_artifact(run.location, "a.bin"), 200).response_body, Body.of([sent]), "bytes")


@lacks_right("anonymous", "read")
@verifies("OPS-027")
def test_tls_is_no_key(secure: MlflowHttp) -> None:
    """A key is required under TLS too."""
    require(secure.search_experiments(), 200)  # control: with a key

    expect_denied(secure.with_key(None).search_experiments())
    expect_denied(secure.with_key("hk_unknown_0000").search_experiments())


@lacks_right("anonymous", "read")
@verifies("OPS-012")
def test_http2_under_tls_answers_the_same(
    secure: MlflowHttp, secure_connection: Connection, handshakes: Handshakes
) -> None:
    """HTTP/2 where ALPN agrees on it answers as HTTP/1.1 does."""
    expect_equal(handshakes.meet(offers=["http/1.1"]).protocol, "http/1.1", "protocol of a client without HTTP/2")
    agreed = handshakes.meet(offers=["h2", "http/1.1"]).protocol
    asked = require(secure.send("GET", FOUND), 200)

    expect_equal(agreed, "h2", "protocol of a client with HTTP/2")
    expect_equal(secure_connection.over_http2(FOUND, secure.key), (True, asked.content), "answer over HTTP/2")
    expect_equal(secure_connection.over_http2(FOUND)[0], False, "200 over HTTP/2 without a key")


@verifies("OPS-028")
def test_client_registers_through_tls(secure_sdk: Sdk, run: Run, unique: Unique, bucket: Bucket) -> None:
    """An MLflow client that is given the authority registers through TLS."""
    source = secure_sdk.publish(run.id, unique("model"), "weights")

    expect_equal(bucket.under(source), {"weights.txt": 7}, "objects of the version")
