"""The proxy passes on what it is given: MLflow gets what the client sent, the client what MLflow answered."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest

from fixtures.essentials import Payload
from fixtures.witness import WitnessedScratch
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, MlflowHttp
from registry_conformance.judge.expect import expect_equal, require
from registry_conformance.judge.requirement import for_versions, verifies

SEARCH = f"{REST}/experiments/search"
CLAIMED = "203.0.113.9"
"""An address that a client gives itself."""
JSON = ("Content-Type", "application/json")
each_kind = pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{ARTIFACTS}/artifacts/crossing/none/"),
        ("GET", f"{ARTIFACTS}/artifacts?path=none"),
        ("DELETE", f"{ARTIFACTS}/artifacts/crossing/none/"),
        ("POST", f"{ARTIFACTS}/mpu/abort/none"),
        ("GET", f"{REST}/runs/get?run_id=none"),
        ("PATCH", f"{REST}/registered-models/update"),
        ("DELETE", f"{REST}/registered-models/delete"),
        ("GET", "/get-artifact?run_id=none&path=a"),
        ("GET", "/ajax-api/2.0/mlflow/runs/get?run_id=none"),
        ("POST", "/graphql"),
    ],
)
"""Requests by every method, and by every kind of route."""
BARE = for_versions(">=2.16.0", "MLflow answers 500 to a parameter that has no value")


@verifies("RTE-040", "RTE-045")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "experiments/get?experiment_id=0", 200),
        ("HEAD", "experiments/get?experiment_id=0", 400),
        ("POST", "experiments/search", 200),
        ("PATCH", "registered-models/update", 404),
        ("DELETE", "registered-models/delete", 404),
    ],
)
def test_method_crosses_unchanged(witnessed: WitnessedScratch, method: str, path: str, status: int) -> None:
    """A request by any method crosses the proxy unchanged, and its answer too."""
    document = {"max_results": 1, "name": "no-such-thing"}
    sent = require(witnessed.door.send(method, f"{REST}/{path}", json=document), status)
    both = witnessed.both_sides(sent)

    expect_equal(both.arrived, both.sent, "request at MLflow")
    expect_equal(both.received, both.answered, "answer at the client")


@verifies("RTE-041")
@pytest.mark.parametrize(
    "query",
    [
        "a=1&a=2&a=3",
        "path=a%2Fb%2fc",
        "q=%7B%22a%22%3A%20%5B1%5D%7D",
        "plus=a+b&space=a%20b",
        pytest.param("empty=&bare&=nameless", id="empty", marks=BARE),
        "utf8=%C3%BC%F0%9F%A6%86",
        "latin=%FC%FF",
        "dots=../../etc&slashes=//x",
        "marks=!$'()*,;:@/?~-._",
        "pct=100%25",
        "question=a?b?c",
        "long=" + "x" * 4000,
    ],
    ids=lambda query: query.partition("=")[0],
)
def test_query_crosses_unchanged(witnessed: WitnessedScratch, query: str) -> None:
    """A query crosses the proxy byte for byte."""
    sent = require(witnessed.door.send("GET", SEARCH, query=f"max_results=1&{query}"), 200)
    both = witnessed.both_sides(sent)

    expect_equal(both.arrived, both.sent, "request at MLflow")


@verifies("RTE-041")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", SEARCH),
        ("PATCH", f"{REST}/registered-models/update"),
        ("DELETE", f"{REST}/registered-models/delete"),
        ("PUT", f"{ARTIFACTS}/artifacts/crossing/query.bin"),
        ("DELETE", f"{ARTIFACTS}/artifacts/crossing/query.bin"),
        ("POST", f"{ARTIFACTS}/mpu/create/crossing"),
    ],
    ids=["write", "change", "remove", "upload", "remove-bytes", "parts"],
)
def test_query_crosses_with_every_kind_of_request(witnessed: WitnessedScratch, method: str, path: str) -> None:
    """Whatever a request is for, its query crosses the proxy."""
    sent = witnessed.door.send(method, path, query="a=b%2Fc&d=e+f", json={"name": "no-such-thing"})
    both = witnessed.both_sides(sent)

    expect_equal(both.arrived, both.sent, "request at MLflow")


@verifies("RTE-042")
@pytest.mark.parametrize(
    "name",
    [
        "a%20b.bin",
        "a%2Bb+c.bin",
        "%C3%BC.bin",
        "u%CC%88.bin",
        "%F0%9F%A6%86.bin",
        "semi;colon=1.bin",
        "marks!$&'()*,:@~-_.bin",
        "percent%25.bin",
        "hash%23question%3F.bin",
        "lower%c3%bc.bin",
        "dots...bin",
        ".hidden",
        "brackets[1].bin",
    ],
)
def test_path_crosses_unchanged(witnessed: WitnessedScratch, name: str) -> None:
    """A path of legal bytes crosses the proxy byte for byte."""
    sent = witnessed.door.send("PUT", f"{ARTIFACTS}/artifacts/crossing/{name}")  # MLflow may refuse it before a body
    both = witnessed.both_sides(sent)

    expect_equal(both.arrived, both.sent, "request at MLflow")


@verifies("RTE-043")
@pytest.mark.parametrize(
    "headers",
    [
        [("X-One", "1")],
        [("X-Twice", "a"), ("X-Twice", "b")],
        [("X-Long", "x" * 8000)],
        [(f"X-Many-{number}", str(number)) for number in range(60)],
        [("X-Odd", "!#$%&'*+-.^_`|~ \t()<>@,;:\\\"/[]?={}")],
        [("X-Empty", "")],
        [("X-Latin", "\xfc\xe9")],
        [("Accept", "application/json;q=0.9, */*;q=0.1"), ("Accept-Encoding", "gzip, br")],
        [("Cookie", "a=1; b=2"), ("Referer", "http://elsewhere.test/x?y=z")],
        [("If-None-Match", '"abc"'), ("Range", "bytes=0-1"), ("Cache-Control", "no-cache")],
        [("X-MLflow-Client-Version", "3.17.2"), ("X-MLFLOW-RUN", "default")],
    ],
    ids=["one", "twice", "long", "many", "odd", "empty", "latin", "accept", "cookie", "conditional", "mlflow"],
)
def test_headers_cross_unchanged(witnessed: WitnessedScratch, headers: list[tuple[str, str]]) -> None:
    """A header that is not listed crosses the proxy unchanged, and none is added."""
    sent = witnessed.door.send("POST", SEARCH, json={"max_results": 1}, headers=headers)
    both = witnessed.both_sides(sent)

    expect_equal(both.arrived, both.sent, "request at MLflow")


@verifies("RTE-044", "RTE-046")
@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
@pytest.mark.parametrize("size", [0, 1, 100, 65536, 1024 * 1024])
def test_body_crosses_unchanged(witnessed: WitnessedScratch, payload: Payload, size: int, chunked: bool) -> None:
    """A body crosses the proxy byte for byte, up and down."""
    path = f"{ARTIFACTS}/artifacts/crossing/body-{size}-{chunked}.bin"
    up = require(witnessed.door.send("PUT", path, body=payload(size), chunked=chunked), 200)
    down = require(witnessed.door.send("GET", path), 200)
    there, back = witnessed.both_sides(up), witnessed.both_sides(down)

    expect_equal(there.arrived, there.sent, "request at MLflow")
    expect_equal(there.arrived.size, size, "size at MLflow")
    expect_equal(back.received, back.answered, "answer at the client")


@verifies("RTE-045")
@pytest.mark.parametrize(
    "path", ["/", "/health", "/version", f"{REST}/registered-models/search", f"{ARTIFACTS}/artifacts"]
)
def test_answer_crosses_unchanged(witnessed: WitnessedScratch, path: str) -> None:
    """A success crosses the proxy unchanged: status, headers, bytes."""
    sent = require(witnessed.door.send("GET", path), 200)
    both = witnessed.both_sides(sent)

    expect_equal(both.received, both.answered, "answer at the client")


@verifies("RTE-047")
def test_identity_is_added_not_believed(witnessed: WitnessedScratch) -> None:
    """MLflow is told the key's identity, not the one a client claims."""
    claimed = [("X-Hokusai-User-Id", "root"), ("X-Hokusai-API-Key-Id", "root"), ("x-hokusai-user-id", "root")]
    claimed += [("x_hokusai_user_id", "root")]  # WSGI cannot tell it from the real one
    sent = require(witnessed.door.send("POST", SEARCH, json={"max_results": 1}, headers=claimed), 200)
    request, _ = witnessed.witness.saw(sent.request_id)

    expect_equal(request.values("x-hokusai-user-id"), ["user-writer"], "user id at MLflow")
    expect_equal(request.values("x-hokusai-api-key-id"), ["key-writer"], "key id at MLflow")
    expect_equal(request.values("x_hokusai_user_id"), [], "claimed user id at MLflow")


@verifies("RTE-047")
@each_kind
def test_identity_comes_with_each_kind_of_request(witnessed: WitnessedScratch, method: str, path: str) -> None:
    """MLflow is told the key's identity, whatever is asked."""
    sent = witnessed.door.send(method, path, json={"name": "no-such-model"})
    request, _ = witnessed.witness.saw(sent.request_id)
    told = [request.values("x-hokusai-user-id"), request.values("x-hokusai-api-key-id")]

    expect_equal(told, [["user-writer"], ["key-writer"]], "names at MLflow")


@verifies("RTE-047")
@pytest.mark.parametrize("name", ["X-Hokusai-Role", "X-Hokusai-Client-Ip", "X-Envoy-Max-Retries", "X-Envoy-Retry-On"])
def test_what_speaks_for_the_proxy_is_taken_away(witnessed: WitnessedScratch, name: str) -> None:
    """A header that only the proxy may send arrives from no client."""
    sent = require(witnessed.door.send("POST", SEARCH, json={"max_results": 1}, headers=[(name, "claimed")]), 200)
    request, _ = witnessed.witness.saw(sent.request_id)

    expect_equal([value for value in request.values(name.lower()) if value == "claimed"], [], f"{name} at MLflow")


@verifies("RTE-047")
def test_nobody_is_named_where_no_key_is_asked_for(witnessed: WitnessedScratch) -> None:
    """A claimed identity does not arrive with a request that needs no key."""
    claimed = [("X-Hokusai-User-Id", "root"), ("X-Hokusai-API-Key-Id", "root")]
    sent = require(witnessed.door.with_key(None).send("GET", "/health", headers=claimed), 200)
    request, _ = witnessed.witness.saw(sent.request_id)

    expect_equal(request.values("x-hokusai-user-id") + request.values("x-hokusai-api-key-id"), [], "names at MLflow")


@verifies("RTE-048")
@each_kind
def test_client_host_is_kept(witnessed: WitnessedScratch, method: str, path: str) -> None:
    """MLflow is told the client's host name, and asked by its own."""
    plain = require(witnessed.door.send("POST", SEARCH, json={"max_results": 1}), 200)
    sent = witnessed.door.send(method, path, json={"name": "no-such-model"})
    request, _ = witnessed.witness.saw(sent.request_id)
    usual, _ = witnessed.witness.saw(plain.request_id)

    expect_equal([f"http://{host}" for host in request.values("x-forwarded-host")], [witnessed.address], "host told")
    expect_equal(request.values("host"), usual.values("host"), "host that MLflow is asked by")


@verifies("RTE-052")
@pytest.mark.parametrize(
    "claimed", [[], [("X-Forwarded-For", CLAIMED), ("X-Forwarded-Proto", "gopher")]], ids=["", "claimed"]
)
def test_who_asks_is_told(
    witnessed: WitnessedScratch, witnessed_door: MlflowHttp, claimed: list[tuple[str, str]]
) -> None:
    """MLflow is told the client's address last, and the scheme it came by."""
    sent = require(witnessed_door.send("POST", SEARCH, json={"max_results": 1}, headers=claimed), 200)
    request, _ = witnessed.witness.saw(sent.request_id)
    address = ",".join(request.values("x-forwarded-for")).split(",")[-1].strip()

    assert ip_address(address), address  # which of this machine's the proxy names is its own affair
    assert address != CLAIMED, address
    expect_equal(request.values("x-forwarded-proto"), [urlsplit(witnessed_door.door.url).scheme], "scheme")


@verifies("RTE-049")
def test_refused_request_never_arrives(witnessed: WitnessedScratch) -> None:
    """A refused request does not reach MLflow."""
    refused = require(witnessed.door.with_key(None).search_experiments(), 401)
    served = require(witnessed.door.search_experiments(), 200)

    assert witnessed.witness.saw(served.request_id), served  # control: what is served is seen, after what came before
    expect_equal(witnessed.witness.count(refused.request_id), 0, "refused requests at MLflow")
