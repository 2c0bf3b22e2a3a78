"""No spelling of a path gets past the rules, and trying changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import pytest

from fixtures.doors import one_door
from fixtures.essentials import KeyOf, Payload
from fixtures.policy import lacks_right, requires_right
from fixtures.protected_tag import ProtectedTag, met
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp, location_path
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.judge.target.credential import Credential

SPELLINGS = [
    "/api/2.0/mlflow/../mlflow/runs/set-tag",
    "/api/2.0/mlflow/runs/search/../set-tag",
    "/health/../api/2.0/mlflow/runs/set-tag",
    "/health/./../api/2.0/mlflow/runs/set-tag",
    "/static-files/../api/2.0/mlflow/runs/set-tag",
    "/health/%2e%2e/api/2.0/mlflow/runs/set-tag",
    "/health/%2E./api/2.0/mlflow/runs/set-tag",
    "/health/..%2fapi/2.0/mlflow/runs/set-tag",
    "/health%2f..%2fapi%2f2.0%2fmlflow%2fruns%2fset-tag",
    "/health/..%5capi/2.0/mlflow/runs/set-tag",
    "/health/..\\api/2.0/mlflow/runs/set-tag",
    "/health/%252e%252e/api/2.0/mlflow/runs/set-tag",
    "/health/..%252fapi/2.0/mlflow/runs/set-tag",
    "/health/%c0%ae%c0%ae/api/2.0/mlflow/runs/set-tag",
    "/health/..;/api/2.0/mlflow/runs/set-tag",
    "/health;/../api/2.0/mlflow/runs/set-tag",
    "/api/2.0/mlflow;v=1/runs/set-tag",
    "/api/2.0/mlflow/runs/set-tag;v=1",
    "/api/2.0/mlflow/runs/search;/../set-tag",
    "//api/2.0/mlflow/runs/set-tag",
    "/api//2.0/mlflow/runs//set-tag",
    "///health/..//api/2.0/mlflow/runs/set-tag",
    "/API/2.0/MLFLOW/RUNS/SET-TAG",
    "/api/2.0/mlflow/runs/Set-Tag",
    "/api/2.0/mlflow/runs/set%2Dtag",
    "/%61pi/2.0/mlflow/runs/set-tag",
    "/api/2.0/mlflow/runs/set-tag/",
    "/api/2.0/mlflow/runs/set-tag/.",
    "/api/2.0/mlflow/runs/set-tag.",
    "/api/2.0/mlflow/runs/set-tag%20",
    "/api/2.0/mlflow/runs/set-tag%00",
    "/api/2.0/mlflow/runs/set-tag%0a",
    "/api/2.0/mlflow/runs/set-tag%00/../search",
    "/api/2.0/mlflow/runs/set-tag?/../search",
    "/api/2.0/mlflow/runs/set-tag#/../search",
    "/health?/../../api/2.0/mlflow/runs/set-tag",
    "/api/2.0/mlflow/runs/set-tag?exempt=/health",
    "/health%23/../api/2.0/mlflow/runs/set-tag",
    "/health%3f/../api/2.0/mlflow/runs/set-tag",
    "/ajax-api/2.0/mlflow/runs/set-tag",
    "/ajax-api/../api/2.0/mlflow/runs/set-tag",
]
FOLDERS = [
    "/health/../api/2.0/mlflow-artifacts/artifacts",
    "/get-artifact/../api/2.0/mlflow-artifacts/artifacts",
    "/api/2.0/mlflow-artifacts/presigned/../artifacts",
    "/api/2.0/mlflow-artifacts/artifacts/%2e%2e/artifacts",
    "/api/2.0/mlflow-artifacts//artifacts",
    "/api/2.0/mlflow-artifacts/Artifacts",
    "/api/2.0/mlflow-artifacts;v=1/artifacts",
    "/health%2f..%2fapi/2.0/mlflow-artifacts/artifacts",
]
SAMPLE = [
    "/health/../api/2.0/mlflow/runs/set-tag",
    "/health/..%2fapi/2.0/mlflow/runs/set-tag",
    "//api/2.0/mlflow/runs/set-tag",
]
OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "X-Forwarded-Method"]
METHODS = ["post", "PROPFIND", "BREW", "TRACE", "CONNECT", "POST\t"]


@one_door
@verifies("AUZ-022")
@pytest.mark.parametrize("path", SPELLINGS)
def test_spelling_changes_nothing(protected_tag: ProtectedTag, path: str) -> None:
    """This spelling of a write changes nothing for strangers and readers."""
    expect_equal(protected_tag.attempts(path), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")


@verifies("AUZ-022")
@pytest.mark.parametrize("path", SAMPLE)
def test_spelling_changes_nothing_at_each_door(protected_tag: ProtectedTag, path: str) -> None:
    """This spelling of a write changes nothing at each door."""
    expect_equal(protected_tag.attempts(path), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")


@lacks_right("anonymous", "artifact-write")
@lacks_right("reader", "artifact-write")
@one_door
@verifies("AUZ-023")
@pytest.mark.parametrize("folder", FOLDERS)
def test_spelling_stores_no_object(
    *,
    door: MlflowHttp,
    raw: Raw,
    unprivileged: Mapping[str, Credential | None],
    location: str,
    payload: Payload,
    bucket: Bucket,
    folder: str,
) -> None:
    """This spelling of an upload stores nothing for strangers and readers."""
    require(door.put_artifact(location, "mine.bin", payload(100)), 200)  # control: uploads work
    target = raw.at(f"{folder}/{quote(location_path(location))}/theirs.bin")
    answers = [raw.with_key(key).send("PUT", target, json="theirs") for key in unprivileged.values()]

    expect_equal([said for each in answers if (said := met(each)) != "refused"], [], "not refused")
    expect_equal(bucket.under(location), {"mine.bin": 100}, "objects at the location")


@lacks_right("anonymous", "artifact-read", "artifact-write")
@requires_right("reader", "artifact-read")
@lacks_right("reader", "artifact-write")
@one_door
@verifies("AUZ-024")
@pytest.mark.parametrize("header", OVERRIDES)
def test_method_override_deletes_nothing(
    *, door: MlflowHttp, raw: Raw, key: KeyOf, location: str, payload: Payload, bucket: Bucket, header: str
) -> None:
    """A method override header turns no read into a deletion."""
    require(door.put_artifact(location, "mine.bin", payload(100)), 200)
    target = raw.at(door.artifact_route(location, "mine.bin"))
    asked = raw.with_key(key("reader")).send("GET", target, headers=[(header, "DELETE")])
    hidden = raw.with_key(key("reader")).send("DELETE", target, headers=[(header, "GET")])
    stranger = raw.with_key(None).send("GET", target, headers=[(header, "OPTIONS")])

    require(asked, 200)  # control: the read itself is allowed
    expect_denied(hidden)
    expect_denied(stranger)
    expect_equal(bucket.under(location), {"mine.bin": 100}, "objects at the location")


@one_door
@verifies("AUZ-025")
@pytest.mark.parametrize("method", METHODS)
def test_odd_method_changes_nothing(protected_tag: ProtectedTag, method: str) -> None:
    """A method that MLflow does not have changes nothing."""
    expect_equal(protected_tag.attempts(method=method), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")


@lacks_right("anonymous", "artifact-read")
@verifies("AUZ-026")
def test_head_needs_the_right_of_get(door: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload) -> None:
    """HEAD tells a stranger nothing that GET does not."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    route = door.artifact_route(location, "a.bin")
    require(door.send("HEAD", route), 200)  # control: the key makes the difference

    expect_equal(expect_denied(anonymous.send("HEAD", route)).response_body.size, 0, "bytes")


@lacks_right("anonymous", "artifact-read")
@verifies("AUZ-026")
def test_options_change_and_tell_nothing(
    door: MlflowHttp, anonymous: MlflowHttp, location: str, payload: Payload, bucket: Bucket
) -> None:
    """OPTIONS without a key neither changes nor tells anything."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    expect_denied(anonymous.get_artifact(location, "a.bin"))  # control: a key is needed
    asked = anonymous.send("OPTIONS", door.artifact_route(location, "a.bin"))

    assert payload(100) not in asked.content, asked
    expect_equal(bucket.under(location), {"a.bin": 100}, "objects at the location")


@one_door
@verifies("AUZ-027")
@pytest.mark.parametrize("authority", ["", "localhost", "mlflow:5000", "127.0.0.1:5000", "user@localhost"])
def test_absolute_target_changes_nothing(protected_tag: ProtectedTag, authority: str) -> None:
    """An absolute-form target gets nobody past the rules."""
    expect_equal(protected_tag.attempts(absolute=authority), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")
