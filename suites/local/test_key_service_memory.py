"""What the key service said is remembered for a while, of nobody else, and never when it was no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.essentials import KeyOf, Unique
from fixtures.scratch_stack import Scratch
from registry_conformance.judge.clients.key_service_requests import KeyServiceRequests
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.signing import Carrier
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, Auth, FixedAnswer, KeyService

SHORT = replace(REFERENCE, auth=Auth(timeout=2.0, cache=0.25))
REVOKED = KeyService(revoked=frozenset({"writer"}))


@verifies("AUT-047")
def test_revoked_key_is_refused_after_the_cache_time(scratch: Scratch) -> None:
    """A revoked key is refused when the cache time is over."""
    require(scratch.apply(SHORT).search_experiments(), 200)  # control: the key was good, and is remembered
    door = scratch.apply(replace(SHORT, keys=REVOKED))
    scratch.outlive(0.3)

    expect_refused(door.search_experiments(), 401)
    expect_status(door.with_key(scratch.key("reader")).search_experiments(), 200)  # control: others are accepted


@verifies("AUT-047")
def test_use_does_not_prolong_the_memory(scratch: Scratch) -> None:
    """A key in constant use is asked about again after the cache time."""
    require(scratch.apply(SHORT).search_experiments(), 200)  # control: the key was good, and is remembered
    door = scratch.apply(replace(SHORT, keys=REVOKED))
    scratch.outlive(0.1)
    door.search_experiments()
    scratch.outlive(0.1)
    door.search_experiments()
    scratch.outlive(0.1)

    expect_refused(door.search_experiments(), 401)


@verifies("AUT-048")
def test_key_that_becomes_valid_is_accepted_at_once(scratch: Scratch) -> None:
    """A key that becomes valid is accepted at once."""
    door = scratch.apply(replace(SHORT, keys=REVOKED))
    scratch.outlive(0.3)
    require(door.search_experiments(), 401)  # control: the key was refused
    scratch.apply(SHORT)

    expect_status(door.search_experiments(), 200)


@verifies("AUT-049")
@pytest.mark.parametrize("status", [429, 500])
def test_trouble_is_not_remembered(scratch: Scratch, status: int) -> None:
    """A key is accepted as soon as the key service answers again."""
    door = scratch.apply(replace(SHORT, keys=KeyService(answer=FixedAnswer(status=status))))
    scratch.outlive(0.3)
    require(door.search_experiments(), {429: 429, 500: 503}[status])  # control: there was trouble
    scratch.apply(SHORT)

    expect_status(door.search_experiments(), 200)


@verifies("AUT-050")
def test_rights_are_remembered_for_their_key_only(scratch: Scratch, unique: Unique) -> None:
    """Two keys that take turns on one route keep their own rights."""
    writer = scratch.apply(REFERENCE)
    reader = writer.with_key(scratch.key("reader"))
    require(writer.search_experiments(), 200)  # control: both are remembered now
    require(reader.search_experiments(), 200)

    expect_status(writer.create_experiment(unique("one")), 200)
    expect_refused(reader.create_experiment(unique("two")), 403)
    expect_status(writer.create_experiment(unique("three")), 200)
    expect_refused(reader.create_experiment(unique("four")), 403)


@verifies("AUT-050")
def test_identities_are_remembered_for_their_key_only(scratch: Scratch) -> None:
    """Two keys that take turns on one route keep their own identities."""
    writer = scratch.apply(REFERENCE)
    reader = writer.with_key(scratch.key("reader"))
    asked = [door.search_experiments().request_id for door in (writer, reader, writer, reader)]
    said = [decision["user_id"] for request_id in asked for decision in scratch.decisions.about(request_id)]

    expect_equal(said, ["user-writer", "user-reader", "user-writer", "user-reader"], "users")


@verifies("AUT-052")
@pytest.mark.parametrize("carrier", ["bearer", "apikey", "x-api-key"])
def test_key_is_asked_about_as_it_was_sent(
    door: MlflowHttp, questions: KeyServiceRequests, unique: Unique, carrier: Carrier
) -> None:
    """The key service is asked about the key that this carrier brought."""
    asked_with = unique("key")
    expect_refused(door.with_key(asked_with).search_experiments(carrier=carrier), 401)
    asked = questions.about(asked_with)

    expect_equal([(one["carrier"], one["status"]) for one in asked], [("authorization-bearer", 401)], "questions")


@verifies("AUT-026")
@pytest.mark.parametrize("state", ["other-service", "legacy-service"])
def test_service_is_named_for_every_key(
    door: MlflowHttp, questions: KeyServiceRequests, key: KeyOf, state: str
) -> None:
    """A key of another service is asked about as one of the platform."""
    before = len(questions.about(key(state)))
    expect_refused(door.with_key(key(state)).search_experiments(), 401)
    asked = questions.about(key(state))[before:]

    assert asked, "the key service was not asked"
    expect_equal({one["body"]["service_id"] for one in asked}, {"platform"}, "service ids")
