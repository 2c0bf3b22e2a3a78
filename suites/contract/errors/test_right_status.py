"""What is wrong with a request is told by the right status, in a form that clients read."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Unique
from registry_conformance.judge.clients.mlflow_http import REST, REST3, MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, require
from registry_conformance.judge.requirement import for_versions, upstream_defect, verifies

pytestmark = one_door

CREATE, SEARCH = f"{REST}/registered-models/create", f"{REST}/experiments/search"
JSON = ("Content-Type", "application/json")


@verifies("ERR-010")
@pytest.mark.parametrize(
    ("what", "document"),
    [
        ("registered-models/create", {"name": 5}),
        ("registered-models/create", {"name": ["a"]}),
        ("registered-models/create", {"name": {"a": "b"}}),
        ("registered-models/create", {"name": None}),
        ("runs/log-metric", {"run_id": "x", "key": "k", "value": "many", "timestamp": 0}),
        ("runs/create", {"experiment_id": 0.5}),
        ("experiments/search", {"max_results": "many"}),
        ("model-versions/create", {"name": "a", "source": 7}),
    ],
)
@upstream_defect("not reported upstream", versions="<=3.5.1", cases="runs/create-document5")
def test_wrong_type_is_a_json_400(door: MlflowHttp, what: str, document: dict[str, Any]) -> None:
    """A value of the wrong type is a JSON 400."""
    require(door.search_experiments(), 200)  # control: right types are understood

    expect_refused(door.post(what, **document), 400, "INVALID_PARAMETER_VALUE")


@verifies("ERR-011")
@pytest.mark.parametrize("size", [1, 5], ids=lambda size: f"{size}MiB")
def test_huge_document_is_refused(door: MlflowHttp, unique: Unique, size: int) -> None:
    """A document far too large is refused, never a 5xx."""
    name = unique("model")
    require(door.create_model(name), 200)  # control: a small one is understood
    huge = door.post("registered-models/set-tag", name=name, key="huge", value="x" * (size << 20))

    assert huge.refused, huge


@verifies("ERR-053")
@pytest.mark.parametrize("size", [1, 5], ids=lambda size: f"{size}MiB")
def test_huge_document_is_a_json_refusal(door: MlflowHttp, unique: Unique, size: int) -> None:
    """A document far too large is a JSON refusal, never a 5xx."""
    name = unique("model")
    require(door.create_model(name), 200)  # control: a small one is understood
    huge = door.post("registered-models/set-tag", name=name, key="huge", value="x" * (size << 20))

    assert huge.refused, huge
    expect_refused(huge, huge.status or 0)


@verifies("ERR-012")
@pytest.mark.parametrize(
    "headers",
    [[("X-Long", "x" * 40_000)], [(f"X-Many-{number}", "x") for number in range(1000)]],
    ids=["long", "many"],
)
def test_huge_headers_are_a_json_refusal(door: MlflowHttp, headers: list[tuple[str, str]]) -> None:
    """Headers far too large are a JSON refusal."""
    require(door.send("GET", SEARCH, query="max_results=1", headers=[("X-Short", "x")]), 200)
    huge = door.send("GET", SEARCH, query="max_results=1", headers=headers)

    expect_equal(huge.status in (400, 431), True, f"400 or 431 for {huge}")
    expect_refused(huge, huge.status or 0)


@verifies("ERR-012")
def test_huge_url_is_a_json_refusal(door: MlflowHttp) -> None:
    """A URL far too long is a JSON refusal."""
    require(door.send("GET", SEARCH, query="max_results=1&x=y"), 200)  # control: a short one works
    huge = door.send("GET", SEARCH, query="max_results=1&x=" + "y" * 40_000)

    expect_equal(huge.status in (400, 414, 431), True, f"400, 414 or 431 for {huge}")
    expect_refused(huge, huge.status or 0)


@verifies("ERR-013")
@pytest.mark.parametrize(
    "media", ["text/xml", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_unsupported_media_is_a_json_refusal(door: MlflowHttp, unique: Unique, media: str) -> None:
    """A document in another media type is a JSON refusal, and does nothing."""
    name = unique("model")
    refused = door.send("POST", CREATE, headers=[("Content-Type", media)], body=b'{"name": "%s"}' % name.encode())

    expect_equal(refused.status in (400, 415), True, f"400 or 415 for {refused}")
    expect_refused(refused, refused.status or 0)
    expect_refused(door.get("registered-models/get", name=name), 404)
    require(door.create_model(name), 200)  # control: as JSON, it works


@verifies("ERR-014")
@pytest.mark.parametrize(
    "what",
    [
        f"{REST}/experiments/get?experiment_id=999999999",
        f"{REST}/experiments/get-by-name?experiment_name=no-such-experiment",
        f"{REST}/runs/get?run_id=no-such-run",
        f"{REST}/registered-models/get?name=no-such-model",
        f"{REST}/registered-models/alias?name=no-such-model&alias=champion",
        f"{REST}/model-versions/get?name=no-such-model&version=1",
        f"{REST}/model-versions/get-download-uri?name=no-such-model&version=1",
        pytest.param(
            f"{REST}/logged-models/m-no-such-model", marks=for_versions(">=3.0.0", "there are no logged models")
        ),
        f"{REST}/artifacts/list?run_id=no-such-run",
        pytest.param(f"{REST3}/traces/tr-no-such-trace", marks=for_versions(">=3.5.1", "there is no such route")),
    ],
)
@upstream_defect("not reported upstream", versions="<=3.9.0", cases="registered-models/alias")
def test_unknown_id_is_a_json_404(door: MlflowHttp, what: str) -> None:
    """An object that does not exist is a JSON 404."""
    require(door.search_experiments(), 200)  # control: what exists is found

    expect_refused(door.send("GET", what), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("ERR-051")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_unknown_method_is_refused(door: MlflowHttp, method: str) -> None:
    """A method that a route lacks is refused, never a 5xx."""
    require(door.search_experiments(), 200)  # control: the route knows POST
    refused = door.send(method, f"{REST}/experiments/search")

    assert refused.refused, refused


@verifies("ERR-015")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PURGE", "TRACE"])
def test_unknown_method_is_a_json_405(door: MlflowHttp, method: str) -> None:
    """A method that a route lacks is a JSON 405 naming others."""
    require(door.search_experiments(), 200)  # control: the route knows POST
    refused = expect_refused(door.send(method, f"{REST}/experiments/search"), 405)

    expect_equal({"GET", "POST"} <= refused.allowed, True, "GET and POST in Allow")


@verifies("ERR-016")
@pytest.mark.parametrize(
    "query",
    ["max_results=999999999", "page_token=not-a-token", "filter=nonsense", "filter=name%20~~%20'a'"],
)
def test_bad_search_is_a_json_400(door: MlflowHttp, query: str) -> None:
    """A search with a bad limit, token or filter is a JSON 400."""
    require(
        door.send("GET", f"{REST}/registered-models/search", query="max_results=1"), 200
    )  # control: a good one works

    expect_refused(door.send("GET", f"{REST}/registered-models/search", query=query), 400, "INVALID_PARAMETER_VALUE")


@verifies("ERR-017")
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"{", b'{"name": ', b'{"name": "\xff"}', b"\x00\x01\x02", b'{"name": "a",}', b"NaN{"],
    ids=["empty", "null", "open", "cut", "latin", "binary", "comma", "nan"],
)
def test_malformed_document_is_a_json_400(door: MlflowHttp, body: bytes) -> None:
    """A malformed document is a JSON 400."""
    require(door.search_experiments(), 200)  # control: well-formed ones are understood

    expect_refused(door.send("POST", CREATE, headers=[JSON], body=body), 400)
