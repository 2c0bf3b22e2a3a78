"""The key service is asked the right question, and no more often than needed."""

from __future__ import annotations

import pytest

from fixtures.essentials import KeyOf, Unique
from registry_conformance.judge.clients.key_service_requests import KeyServiceRequests
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status
from registry_conformance.judge.requirement import verifies

READ = f"{REST}/experiments/get?experiment_id=0"
CLAIMS = {
    "X-Forwarded-For": "203.0.113.9",
    "Forwarded": "for=203.0.113.9",
    "X-Real-IP": "203.0.113.9",
    "True-Client-IP": "203.0.113.9",
    "X-Hokusai-Client-Ip": "203.0.113.9",
    "X-Envoy-External-Address": "203.0.113.9",
}
"""Header -> the address that a client claims by it."""


@verifies("AUT-026")
def test_service_id_is_platform(door: MlflowHttp, questions: KeyServiceRequests, unique: Unique) -> None:
    """The key service is asked with service_id platform."""
    asked_with = unique("key")
    expect_refused(door.with_key(asked_with).search_experiments(), 401)

    expect_equal([asked["body"]["service_id"] for asked in questions.about(asked_with)], ["platform"], "service ids")


@verifies("AUT-027")
def test_key_travels_in_the_header_only(door: MlflowHttp, questions: KeyServiceRequests, unique: Unique) -> None:
    """The key service gets the key in the Authorization header only."""
    asked_with = unique("key")
    expect_refused(door.with_key(asked_with).search_experiments(), 401)
    asked = questions.about(asked_with)

    expect_equal([question["carrier"] for question in asked], ["authorization-bearer"], "carriers")
    expect_equal([question["path"] for question in asked], ["/api/v1/keys/validate"], "paths")
    expect_equal([set(question["body"]) for question in asked], [{"service_id", "client_ip"}], "fields of the body")


@verifies("AUT-028")
def test_client_address_is_told(
    door: MlflowHttp, questions: KeyServiceRequests, unique: Unique, own_address: str
) -> None:
    """The key service is told the client's address."""
    asked_with = unique("key")
    expect_refused(door.with_key(asked_with).search_experiments(), 401)

    expect_equal([asked["body"].get("client_ip") for asked in questions.about(asked_with)], [own_address], "addresses")


@verifies("AUT-059")
@pytest.mark.parametrize("header", CLAIMS)
def test_claimed_address_is_not_told(
    door: MlflowHttp, questions: KeyServiceRequests, unique: Unique, own_address: str, header: str
) -> None:
    """The key service is told the client's address, whatever it claims."""
    asked_with = unique("key")
    asked = door.with_key(asked_with).send("GET", READ, headers=[(header, CLAIMS[header])])
    expect_refused(asked, 401)

    told = [question["body"].get("client_ip") for question in questions.about(asked_with)]
    expect_equal(told, [own_address], "addresses")


@verifies("AUT-029")
def test_good_key_is_asked_about_once(door: MlflowHttp, questions: KeyServiceRequests, key: KeyOf) -> None:
    """A good key is not asked about again at once."""
    expect_status(door.search_experiments(), 200)
    before = len(questions.about(key("writer")))
    expect_status(door.search_experiments(), 200)
    expect_status(door.search_experiments(), 200)

    assert before, "the key service was never asked about the writer's key"
    expect_equal(len(questions.about(key("writer"))), before, "questions about the writer's key")


@verifies("AUT-030")
def test_bad_key_is_asked_about_every_time(door: MlflowHttp, questions: KeyServiceRequests, unique: Unique) -> None:
    """A bad key is asked about every time."""
    asked_with = unique("key")
    expect_refused(door.with_key(asked_with).search_experiments(), 401)
    expect_refused(door.with_key(asked_with).search_experiments(), 401)

    expect_equal(len(questions.about(asked_with)), 2, "questions about the bad key")
