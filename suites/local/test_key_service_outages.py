"""What goes wrong behind the auth service is told as an outage, never as a bad key, and lets nobody in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fixtures.essentials import Unique
from fixtures.scratch_stack import Scratch
from registry_conformance.judge.clients.signing import Carrier
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, Auth, FixedAnswer, KeyService

FORGETFUL = replace(REFERENCE, auth=Auth(timeout=0.3, cache=0.0))
"""Asks about every key every time, and does not wait long."""
DOWN = replace(FORGETFUL, keys=KeyService(up=False))
RIGHT = {"is_valid": True, "key_id": "k", "user_id": "u", "service_id": "platform", "scopes": ["mlflow:write"]}
STATUSES = [201, 206, 302, 400, 403, 404, 418, 500, 502, 503, 504]
NO_OBJECTS = {
    "list": "[]",
    "null": "null",
    "true": "true",
    "number": "1",
    "text": '"valid"',
    "html": "<html><body>It works!</body></html>",
    "empty": "",
    "blank": " ",
    "half": json.dumps(RIGHT)[:40],
    "two": json.dumps(RIGHT) * 2,
    "list-of-one": json.dumps([RIGHT]),
    "deep": "[" * 20_000,
    "huge": json.dumps(RIGHT | {"padding": "x" * 100_000}),
}
WRONG_FIELDS = {
    "nothing": {},
    "valid-as-text": RIGHT | {"is_valid": "true"},
    "valid-as-number": RIGHT | {"is_valid": 1},
    "valid-as-null": RIGHT | {"is_valid": None},
    "no-user": {name: value for name, value in RIGHT.items() if name != "user_id"},
    "user-as-number": RIGHT | {"user_id": 7},
    "user-empty": RIGHT | {"user_id": ""},
    "user-with-header": RIGHT | {"user_id": "u\r\nX-Hokusai-Role: admin"},
    "user-too-long": RIGHT | {"user_id": "u" * 257},
    "user-with-space": RIGHT | {"user_id": " u"},
    "user-not-ascii": RIGHT | {"user_id": "\u00fc"},
    "user-unprintable": RIGHT | {"user_id": "u\x01v"},
    "no-key-id": {name: value for name, value in RIGHT.items() if name != "key_id"},
    "no-service": {name: value for name, value in RIGHT.items() if name != "service_id"},
    "service-as-list": RIGHT | {"service_id": ["platform"]},
    "no-scopes": {name: value for name, value in RIGHT.items() if name != "scopes"},
    "scopes-as-text": RIGHT | {"scopes": "mlflow:write"},
    "scopes-as-object": RIGHT | {"scopes": {"mlflow:write": True}},
    "scopes-of-numbers": RIGHT | {"scopes": [1]},
}
CARRIERS: list[Carrier] = ["bearer", "apikey", "x-api-key"]


@verifies("AUT-039")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_down_is_no_bad_key(scratch: Scratch, carrier: Carrier) -> None:
    """While the key service is down every key is told to try again."""
    require(scratch.apply(FORGETFUL).search_experiments(carrier=carrier), 200)  # control: the key is good
    told = expect_refused(scratch.apply(DOWN).search_experiments(carrier=carrier), 503)

    assert told.header("retry-after").isdecimal(), told


@verifies("AUT-039")
def test_no_key_is_no_outage(scratch: Scratch) -> None:
    """While the key service is down a missing key is a missing key."""
    door = scratch.apply(DOWN)

    require(door.search_experiments(), 503)  # control: the key service is down
    expect_refused(door.with_key(None).search_experiments(), 401)


@verifies("AUT-046")
def test_health_needs_no_key_service(scratch: Scratch) -> None:
    """While the key service is down health is answered."""
    door = scratch.apply(DOWN)

    require(door.search_experiments(), 503)  # control: the key service is down
    expect_status(door.with_key(None).health(), 200)
    expect_status(door.health(), 200)


@verifies("AUT-051")
def test_outage_leaves_nothing_behind(scratch: Scratch) -> None:
    """What is refused during an outage is not done after it."""
    door = scratch.apply(FORGETFUL)
    created = require(door.create_experiment(f"{door.run}-outage"), 200).document["experiment_id"]
    run = require(door.create_run(created, "outage"), 200).document["run"]["info"]
    broken = scratch.apply(replace(FORGETFUL, keys=KeyService(answer=FixedAnswer(status=500))))
    upload = broken.put_artifact(run["artifact_uri"], "theirs.bin", b"x" * 100)
    change = broken.set_run_tag(run["run_id"], "colour", "red")
    healed = scratch.apply(FORGETFUL)

    expect_refused(upload, 503)
    expect_refused(change, 503)
    require(healed.put_artifact(run["artifact_uri"], "mine.bin", b"x"), 200)  # control: uploads work
    listed = require(healed.list_artifacts(run["artifact_uri"]), 200).document["files"]
    expect_equal([file["path"] for file in listed], ["mine.bin"], "artifacts")
    tags = require(healed.get("runs/get", run_id=run["run_id"]), 200).document["run"]["data"].get("tags", [])
    expect_equal([tag["value"] for tag in tags if tag["key"] == "colour"], [], "tags")


@verifies("AUT-040")
@pytest.mark.parametrize("status", [200, 401])
def test_late_answer_does_not_count(scratch: Scratch, status: int) -> None:
    """An answer that comes too late is an outage, whatever it says."""
    answer = FixedAnswer(status=status, body=json.dumps(RIGHT))
    require(scratch.apply(replace(FORGETFUL, keys=KeyService(answer=answer))).search_experiments(), status)  # control
    late = replace(FORGETFUL, keys=KeyService(answer=replace(answer, delay=0.9)))
    told = expect_refused(scratch.apply(late).search_experiments(), 503)

    assert told.header("retry-after").isdecimal(), told


@verifies("AUT-041")
@pytest.mark.parametrize("status", STATUSES)
def test_other_status_is_an_outage(scratch: Scratch, status: int) -> None:
    """This status of the key service is an outage, even over a good answer."""
    answer = FixedAnswer(status=status, body=json.dumps(RIGHT))
    require(scratch.apply(FORGETFUL).search_experiments(), 200)  # control: the key is good
    door = scratch.apply(replace(FORGETFUL, keys=KeyService(answer=answer)))
    told = expect_refused(door.search_experiments(), 503)

    assert told.header("retry-after").isdecimal(), told


@verifies("AUT-053")
@pytest.mark.parametrize("status", [302, 303, 307])
def test_redirect_of_the_key_service_is_not_followed(scratch: Scratch, unique: Unique, status: int) -> None:
    """A redirect of the key service lets nobody in, wherever it leads."""
    door = scratch.apply(FORGETFUL)
    place = require(door.create_experiment(unique("bait")), 200).document["experiment_id"]
    require(door.put_artifact(f"mlflow-artifacts:/{place}", "right.json", json.dumps(RIGHT).encode()), 200)
    bait = scratch.origin.door.url + door.artifact_route(f"mlflow-artifacts:/{place}", "right.json")
    require(
        scratch.origin.get_artifact(f"mlflow-artifacts:/{place}", "right.json"), 200
    )  # control: a good answer is there
    led_on = scratch.apply(
        replace(FORGETFUL, keys=KeyService(answer=FixedAnswer(status=status, headers=(("Location", bait),))))
    )

    expect_refused(led_on.search_experiments(), 503)


@verifies("AUT-042")
@pytest.mark.parametrize("name", NO_OBJECTS)
def test_nonsense_is_an_outage(scratch: Scratch, name: str) -> None:
    """An answer that is no JSON object is an outage and lets nobody in."""
    right = FixedAnswer(body=json.dumps(RIGHT))
    require(scratch.apply(replace(FORGETFUL, keys=KeyService(answer=right))).search_experiments(), 200)  # control
    door = scratch.apply(replace(FORGETFUL, keys=KeyService(answer=FixedAnswer(body=NO_OBJECTS[name]))))
    told = expect_refused(door.search_experiments(), 503)

    assert told.header("retry-after").isdecimal(), told


@verifies("AUT-043")
@pytest.mark.parametrize("name", WRONG_FIELDS)
def test_wrong_field_is_an_outage(scratch: Scratch, name: str) -> None:
    """An answer with a wrong or missing field is an outage."""
    right = FixedAnswer(body=json.dumps(RIGHT))
    require(scratch.apply(replace(FORGETFUL, keys=KeyService(answer=right))).search_experiments(), 200)  # control
    wrong = FixedAnswer(body=json.dumps(WRONG_FIELDS[name]))
    told = expect_refused(scratch.apply(replace(FORGETFUL, keys=KeyService(answer=wrong))).search_experiments(), 503)

    assert told.header("retry-after").isdecimal(), told


@verifies("AUT-044")
@pytest.mark.parametrize("change", [{"is_valid": False}, {"service_id": "ml-platform"}, {"service_id": "Platform"}])
def test_refusal_in_a_good_answer_is_a_refusal(scratch: Scratch, change: dict[str, object]) -> None:
    """An answer that says no with status 200 is a refusal of the key."""
    right = FixedAnswer(body=json.dumps(RIGHT))
    require(scratch.apply(replace(FORGETFUL, keys=KeyService(answer=right))).search_experiments(), 200)  # control
    no = FixedAnswer(body=json.dumps(RIGHT | change))

    expect_refused(scratch.apply(replace(FORGETFUL, keys=KeyService(answer=no))).search_experiments(), 401)


@verifies("AUT-044")
@pytest.mark.parametrize("scopes", [[], ["mlflow:*"], ["mlflow:writer"], ["MLFLOW:WRITE"], ["mlflow:read "]])
def test_unknown_scopes_give_no_right(scratch: Scratch, scopes: list[str]) -> None:
    """Scopes that no role has give no right."""
    right = FixedAnswer(body=json.dumps(RIGHT))
    require(scratch.apply(replace(FORGETFUL, keys=KeyService(answer=right))).search_experiments(), 200)  # control
    none = FixedAnswer(body=json.dumps(RIGHT | {"scopes": scopes}))

    expect_refused(scratch.apply(replace(FORGETFUL, keys=KeyService(answer=none))).search_experiments(), 403)


@verifies("AUT-045")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_throttle_is_passed_on(scratch: Scratch, carrier: Carrier) -> None:
    """A throttling key service is passed on with its own time."""
    throttling = FixedAnswer(status=429, headers=(("Retry-After", "17"),))
    require(scratch.apply(FORGETFUL).search_experiments(carrier=carrier), 200)  # control: the key is good
    door = scratch.apply(replace(FORGETFUL, keys=KeyService(answer=throttling)))
    told = expect_refused(door.search_experiments(carrier=carrier), 429, "REQUEST_LIMIT_EXCEEDED")

    expect_equal(told.header("retry-after"), "17", "Retry-After")


@verifies("AUT-045")
@pytest.mark.parametrize("value", ["", "soon", "-5", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", "²"])
def test_throttle_without_a_time_gets_one(scratch: Scratch, value: str) -> None:
    """A throttle without a number of seconds gets one."""
    throttling = FixedAnswer(status=429, headers=(("Retry-After", value),))
    require(scratch.apply(FORGETFUL).search_experiments(), 200)  # control: the key is good
    told = expect_refused(
        scratch.apply(replace(FORGETFUL, keys=KeyService(answer=throttling))).search_experiments(), 429
    )

    assert told.header("retry-after").isdecimal(), told
