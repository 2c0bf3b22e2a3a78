"""No header speaks louder than the key, and no framing hides a request."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import KeyOf
from fixtures.policy import requires_right
from fixtures.protected_tag import ProtectedTag
from registry_conformance.judge.clients.framing import AMBIGUOUS, UNUSUAL
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_within, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door

IDENTITIES = [
    "x-hokusai-user-id",
    "X_Hokusai_User_Id",
    "X-Hokusai_User-Id",
    "X_HOKUSAI_API_KEY_ID",
    "X-HOKUSAI-ROLES",
    "X-Hokusai-Client-Ip",
    "X-Remote-User",
    "X-Forwarded-User",
    "X-Authenticated-User",
    "X-Envoy-Internal",
    "X-MLflow-User",
]
REWRITES = ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Prefix", "X-Envoy-Original-Path"]
CONNECTIONS = ["Authorization", "X-API-Key", "X-Hokusai-User-Id", "X-Hokusai-API-Key-Id, Host", "Content-Length"]
UPGRADES = ["h2c", "websocket", "TLS/1.0"]


@verifies("AUZ-029")
@pytest.mark.parametrize("header", IDENTITIES)
def test_spoofed_identity_changes_nothing(protected_tag: ProtectedTag, header: str) -> None:
    """This spelling of an identity header gains nobody a right."""
    expect_equal(protected_tag.attempts(headers=[(header, "user-admin")]), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")


@verifies("AUZ-028")
@pytest.mark.parametrize("header", REWRITES)
def test_rewriting_header_opens_nothing(protected_tag: ProtectedTag, header: str) -> None:
    """A header that names an open path gets nobody past the rules."""
    expect_equal(protected_tag.attempts(headers=[(header, "/health")]), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")


@requires_right("reader", "read")
@verifies("AUZ-028")
@pytest.mark.parametrize("header", REWRITES)
def test_rewriting_header_redirects_nothing(protected_tag: ProtectedTag, raw: Raw, key: KeyOf, header: str) -> None:
    """A header that names a write turns no read into one."""
    written = [(header, "/api/2.0/mlflow/runs/set-tag")]
    red = {"run_id": protected_tag.run_id, "key": "colour", "value": "red", "max_results": 1}
    read = raw.with_key(key("reader")).send(
        "POST", raw.at("/api/2.0/mlflow/experiments/search"), headers=written, json=red
    )

    require(read, 200)  # control: the read itself is allowed
    expect_equal(protected_tag.colour, "green", "tag")


@verifies("AUZ-030")
@pytest.mark.parametrize("named", CONNECTIONS)
def test_connection_header_strips_no_rule(protected_tag: ProtectedTag, named: str) -> None:
    """A Connection header that names others gains nobody a right."""
    expect_equal(protected_tag.attempts(headers=[("Connection", f"close, {named}")]), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")


@verifies("AUZ-030")
@pytest.mark.parametrize("protocol", UPGRADES)
def test_upgrade_passes_no_rule(protected_tag: ProtectedTag, protocol: str) -> None:
    """A request to change protocol gains nobody a right."""
    upgrade = [("Connection", "Upgrade, HTTP2-Settings, close"), ("Upgrade", protocol), ("HTTP2-Settings", "AAMAAABk")]

    expect_equal(protected_tag.attempts(headers=upgrade), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")


@verifies("AUZ-032")
@pytest.mark.parametrize("framing", AMBIGUOUS)
def test_ambiguous_framing_hides_nothing(protected_tag: ProtectedTag, framing: str) -> None:
    """A request whose end is ambiguous hides no other."""
    expect_equal(protected_tag.smuggle(AMBIGUOUS[framing]), {}, "who got through")
    expect_equal(protected_tag.colour, "green", "tag")


@verifies("AUZ-032")
@pytest.mark.parametrize("framing", UNUSUAL)
def test_unusual_framing_hides_nothing(protected_tag: ProtectedTag, framing: str) -> None:
    """A request behind another's end needs a key of its own."""
    met = protected_tag.smuggle(UNUSUAL[framing])

    expect_within(met, {"reader"}, "who got through")
    expect_equal(protected_tag.colour, "green", f"tag after {met}")


@verifies("AUZ-033")
@pytest.mark.parametrize(
    ("first", "second"),
    [pytest.param("reader", role, marks=requires_right(role, "write")) for role in ("admin", "writer")],
)
def test_second_carrier_lends_no_right(
    protected_tag: ProtectedTag, raw: Raw, key: KeyOf, first: str, second: str
) -> None:
    """A better key in a later carrier lends the first no right."""
    red = {"run_id": protected_tag.run_id, "key": "colour", "value": "red"}
    target = raw.at("/api/2.0/mlflow/runs/set-tag")
    refused = raw.with_key(key(first)).send("POST", target, json=red, headers=[("X-API-Key", key(second))])

    expect_refused(refused, 403)
    expect_equal(protected_tag.colour, "green", "tag")
