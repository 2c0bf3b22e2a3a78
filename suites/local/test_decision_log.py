"""The auth service's log tells what it decided about each request, and why."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from fixtures.access import Routes
from fixtures.decision_logs import told
from fixtures.doors import one_door
from fixtures.essentials import KeyOf, Unique
from fixtures.scratch_stack import Scratch
from fixtures.troubled_deployments import asking
from registry_conformance.judge.clients.decisions import Decisions
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import FixedAnswer, KeyService

READ, WRITE = f"{REST}/experiments/get?experiment_id=0", f"{REST}/experiments/create"
ROUTES = Routes.load(SUITES / "contract" / "authorization" / "routes.toml")
NEEDED = [(entry, right) for right, entries in ROUTES.needing.items() if right != "public" for entry in entries]


@verifies("OPS-042")
@pytest.mark.parametrize(
    ("role", "roles"), [("reader", ["reader"]), ("writer", ["reader", "writer"])], ids=["reader", "writer"]
)
def test_who_was_let_in_is_in_the_log(
    door: MlflowHttp, decisions: Decisions, key: KeyOf, role: str, roles: list[str]
) -> None:
    """A request that passes is found with its key, user, roles and needed right."""
    read = expect_status(door.with_key(key(role)).send("GET", READ), 200)

    said = told(decisions, read.request_id, "decision", "status", "key_id", "user_id", "roles", "need", "carrier")
    expect_equal(said, [("allow", 200, f"key-{role}", f"user-{role}", roles, "read", "authorization-bearer")], "lines")


@verifies("OPS-042")
@pytest.mark.parametrize(
    ("role", "status", "why"),
    [
        ("expired", 401, "key service refuses the key"),
        ("revoked", 401, "key service refuses the key"),
        ("other-service", 401, "key service refuses the key"),
        ("reader", 403, "lacks write"),
        ("throttled", 429, "key service throttles"),
    ],
)
def test_refused_key_is_in_the_log_with_the_reason(
    door: MlflowHttp, decisions: Decisions, key: KeyOf, unique: Unique, role: str, status: int, why: str
) -> None:
    """A request that a key may not make is found with the reason."""
    sent = door.with_key(key(role)).send("POST", WRITE, json={"name": unique("refused")})
    refused = expect_refused(sent, status)

    said = told(decisions, refused.request_id, "method", "decision", "status", "reason")
    expect_equal(said, [("POST", "deny", status, why)], "lines")


@one_door
@verifies("OPS-042")
@pytest.mark.parametrize(("entry", "right"), NEEDED)
def test_needed_right_is_in_the_log(door: MlflowHttp, decisions: Decisions, entry: str, right: str) -> None:
    """A request of this route is found with the right that it needs."""
    method, _, path = entry.replace("{}", "1").partition(" ")
    refused = expect_status(door.with_key(None).send(method, path), 401)

    expect_equal(told(decisions, refused.request_id, "method", "need"), [(method, right)], "lines")


@verifies("OPS-042")
@pytest.mark.parametrize(("name", "value", "why"), [("X-Other", "1", "no key"), ("X-API-Key", " ", "no usable key")])
def test_want_of_a_key_is_in_the_log_with_the_reason(
    door: MlflowHttp, decisions: Decisions, name: str, value: str, why: str
) -> None:
    """A request without a key is told from one with an empty key."""
    refused = expect_refused(door.with_key(None).send("GET", READ, headers=[(name, value)]), 401)

    said = told(decisions, refused.request_id, "method", "path", "decision", "status", "reason")
    path = urlsplit(door.door.url).path + READ.partition("?")[0]
    expect_equal(said, [("GET", path, "deny", 401, why)], "lines")
    nobody = told(decisions, refused.request_id, "user_id", "key_id", "roles", "carrier")
    expect_equal(nobody, [("", "", [], "")], "names of nobody")


@verifies("OPS-042")
def test_question_that_needs_no_key_is_in_the_log_as_open(door: MlflowHttp, decisions: Decisions) -> None:
    """What may be done without a key is found as that, with nobody's name."""
    asked = door.with_key(None).send("OPTIONS", READ)

    said = told(decisions, asked.request_id, "decision", "status", "reason", "user_id")
    expect_equal(said, [("allow", 200, "open", "")], "lines")


@verifies("OPS-042")
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (FixedAnswer(500, "{}"), "key service answers 500"),
        (FixedAnswer(200, "<html>"), "key service talks nonsense: no JSON"),
        (FixedAnswer(200, "{}"), "key service talks nonsense: no is_valid"),
        (FixedAnswer(200, '{"is_valid": false}'), "key service says the key is not valid"),
        (FixedAnswer(200, '{"is_valid": true}'), "key service talks nonsense: no service_id"),
        (FixedAnswer(200, '{"is_valid": true, "service_id": "a"}'), "key service talks nonsense: no list of scopes"),
        (FixedAnswer(200, '{"is_valid": true, "service_id": "a", "scopes": []}'), "key belongs to another service"),
        (FixedAnswer(200, "x" * 70_000), "key service talks nonsense: answer too large"),
        (FixedAnswer(200, "{}", delay=1.0), "key service too slow"),
    ],
    ids=["500", "no-json", "nothing", "invalid", "no-service", "no-scopes", "another-service", "huge", "slow"],
)
def test_trouble_with_keys_is_in_the_log_with_the_reason(scratch: Scratch, answer: FixedAnswer, why: str) -> None:
    """What was wrong with the answer of the key service stands in the log."""
    door = scratch.apply(asking(KeyService(answer=answer)))
    refused = door.send("GET", READ)

    expect_equal(told(scratch.decisions, refused.request_id, "decision", "reason"), [("deny", why)], "lines")


@verifies("OPS-042")
def test_outage_of_keys_is_in_the_log(scratch: Scratch) -> None:
    """That the key service cannot be reached stands in the log."""
    refused = scratch.apply(asking(KeyService(up=False))).send("GET", READ)

    why = "key service unreachable: ConnectError"
    expect_equal(told(scratch.decisions, refused.request_id, "status", "reason"), [(503, why)], "lines")
