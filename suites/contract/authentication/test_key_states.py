"""Whatever is wrong with a key, it is refused in every carrier and at every door."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import KeyOf
from fixtures.policy import lacks_right, requires_right
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.clients.signing import Carrier
from registry_conformance.judge.denial import expect_denied, expect_kept_out
from registry_conformance.judge.expect import expect_refused, expect_status, require
from registry_conformance.judge.requirement import only_for, verifies

pytestmark = lacks_right("anonymous", "read")

CARRIERS = [
    pytest.param("bearer"),
    pytest.param("apikey", marks=only_for("platform")),
    pytest.param("x-api-key", marks=only_for("platform")),
]
NEVER_ISSUED = [
    pytest.param("", id="empty", marks=verifies("AUT-008")),
    pytest.param("   ", id="blank", marks=verifies("AUT-008")),
    pytest.param("hk_conformance_no_such_key_00000000", id="unknown", marks=verifies("AUT-010")),
    pytest.param("two words", id="two-words", marks=verifies("AUT-009")),
    pytest.param("tab\tinside", id="tab", marks=verifies("AUT-009")),
    pytest.param("one,two", id="comma", marks=verifies("AUT-009")),
    pytest.param("schlüssel-ключ", id="not-ascii", marks=verifies("AUT-009")),
    pytest.param("\udcff\udcfe", id="not-utf8", marks=verifies("AUT-009")),
    pytest.param("null", id="null", marks=verifies("AUT-010")),
    pytest.param("k" * 8192, id="8-KiB", marks=verifies("AUT-031")),
    pytest.param("k" * 9000, id="over-8-KiB", marks=verifies("AUT-009")),
]
ISSUED = [
    pytest.param("expired", marks=verifies("AUT-011")),
    pytest.param("revoked", marks=verifies("AUT-012")),
    pytest.param("other-service", marks=verifies("AUT-013")),
    pytest.param("legacy-service", marks=verifies("AUT-032")),
]
ALTERED = [
    pytest.param("{}x", id="longer"),
    pytest.param("x{}", id="prefixed"),
    pytest.param("{}\x1f", id="control-character"),
    pytest.param("{}\x7f", id="delete-character"),
    pytest.param('"{}"', id="quoted"),
    pytest.param("{}\u00a0", id="hard-space"),
    pytest.param("{},", id="comma"),
    pytest.param("{0},{0}", id="twice-in-one"),
]
SPELLINGS = [
    pytest.param("bearer {}"),
    pytest.param("BEARER {}"),
    pytest.param("apikey {}", marks=only_for("platform")),
    pytest.param("APIKEY {}", marks=only_for("platform")),
    pytest.param("aPiKeY {}", marks=only_for("platform")),
]
SCHEMES = [
    pytest.param("{}", id="none"),
    pytest.param("Basic {}", id="basic"),
    pytest.param("Token {}", id="token"),
    pytest.param("Digest {}", id="digest"),
    pytest.param("Bearer{}", id="no-space"),
    pytest.param("Bearer:{}", id="colon"),
    pytest.param("Bearer={}", id="equals"),
    pytest.param("Bearers {}", id="plural"),
    pytest.param("Bearer Bearer {}", id="twice"),
    pytest.param("ApiKey Bearer {}", id="both"),
    pytest.param("Bearer", id="bare"),
]


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("bad", NEVER_ISSUED)
def test_key_never_issued_is_refused(raw: Raw, own_key: str, carrier: Carrier, bad: str) -> None:
    """A key that was never issued is refused in this carrier."""
    require(raw.offer(carrier, own_key), 200)  # control: the key makes the difference

    expect_kept_out(raw.offer(carrier, bad))


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("state", ISSUED)
def test_key_valid_no_more_is_refused(raw: Raw, key: KeyOf, own_key: str, carrier: Carrier, state: str) -> None:
    """A key that is valid no more, or elsewhere, is refused in this carrier."""
    require(raw.offer(carrier, own_key), 200)  # control: the key makes the difference

    expect_denied(raw.offer(carrier, key(state)))


@verifies("AUT-033")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_throttled_key_is_told_to_wait(raw: Raw, key: KeyOf, own_key: str, carrier: Carrier) -> None:
    """A throttled key gets 429 with Retry-After, not 401."""
    require(raw.offer(carrier, own_key), 200)  # control: other keys are not throttled
    refused = expect_refused(raw.offer(carrier, key("throttled")), 429, "REQUEST_LIMIT_EXCEEDED")

    assert refused.header("retry-after").isdecimal(), refused


@one_door
@verifies("AUT-034")
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("form", ALTERED)
def test_nearly_a_key_is_refused(raw: Raw, disposable_key: str, carrier: Carrier, form: str) -> None:
    """What is nearly a good key is refused, however fresh the good one."""
    require(raw.offer(carrier, disposable_key), 200)  # control: the key itself is good, and now remembered

    expect_kept_out(raw.offer(carrier, form.format(disposable_key)))


@one_door
@verifies("AUT-034")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_key_in_another_case_is_refused(raw: Raw, disposable_key: str, carrier: Carrier) -> None:
    """A good key in the other letter case is refused."""
    require(raw.offer(carrier, disposable_key), 200)  # control: the key itself is good, and now remembered

    expect_denied(raw.offer(carrier, disposable_key.swapcase()))
    expect_denied(raw.offer(carrier, disposable_key[:-1]))


@verifies("AUT-035")
@pytest.mark.parametrize("form", SCHEMES)
def test_other_scheme_is_refused(raw: Raw, disposable_key: str, form: str) -> None:
    """A good key under another scheme is refused."""
    require(raw.offer("bearer", disposable_key), 200)  # control: the key itself is good
    target = raw.at("/api/2.0/mlflow/experiments/search?max_results=1")
    refused = raw.with_key(None).send("GET", target, headers=[("Authorization", form.format(disposable_key))])

    expect_refused(refused, 401, "UNAUTHENTICATED")


@one_door
@verifies("AUT-022")
@pytest.mark.parametrize("form", SPELLINGS)
def test_scheme_in_any_case_is_accepted(raw: Raw, own_key: str, form: str) -> None:
    """A scheme is read in any case, for a good key only."""
    target = raw.at("/api/2.0/mlflow/experiments/search?max_results=1")
    stranger = raw.with_key(None)

    expect_denied(stranger.send("GET", target, headers=[("Authorization", form.format("hk_unknown"))]))  # control
    expect_status(stranger.send("GET", target, headers=[("Authorization", form.format(own_key))]), 200)


@requires_right("reader", "read")
@verifies("AUT-036")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_two_different_keys_are_refused(raw: Raw, key: KeyOf, own_key: str, carrier: Carrier) -> None:
    """Two different keys in one carrier are refused in either order."""
    require(raw.offer(carrier, own_key), 200)  # control: one alone is accepted
    require(raw.offer(carrier, key("reader")), 200)

    expect_refused(raw.offer(carrier, own_key, key("reader")), 401)
    expect_refused(raw.offer(carrier, key("reader"), own_key), 401)
    expect_refused(raw.offer(carrier, "hk_unknown_0000", own_key), 401)
    expect_refused(raw.offer(carrier, own_key, "hk_unknown_0000"), 401)


@verifies("AUT-037")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_repeated_carrier_is_refused(raw: Raw, own_key: str, carrier: Carrier) -> None:
    """A carrier sent twice is refused though both hold one good key."""
    require(raw.offer(carrier, own_key), 200)  # control: once is accepted

    expect_refused(raw.offer(carrier, own_key, own_key), 401)


@verifies("AUT-038")
@pytest.mark.parametrize("value", ["Basic dXNlcjpwYXNz", "Digest username=a", "Negotiate abc"])
def test_foreign_scheme_leaves_the_next_carrier(raw: Raw, own_key: str, value: str) -> None:
    """A scheme that carries no key leaves X-API-Key in effect."""
    foreign = [("Authorization", value)]

    expect_refused(raw.offer("x-api-key", "hk_unknown_0000", headers=foreign), 401)  # control: it is looked at
    expect_status(raw.offer("x-api-key", own_key, headers=foreign), 200)


@verifies("AUT-024")
@pytest.mark.parametrize("first", ["bearer", "apikey"])
def test_good_first_carrier_wins(raw: Raw, own_key: str, first: Carrier) -> None:
    """A good first carrier is accepted whatever a later one holds."""
    later = [("X-API-Key", "hk_unknown_0000")]

    expect_refused(raw.offer(first, "hk_unknown_0000", headers=[("X-API-Key", own_key)]), 401)  # control
    expect_status(raw.offer(first, own_key, headers=later), 200)
