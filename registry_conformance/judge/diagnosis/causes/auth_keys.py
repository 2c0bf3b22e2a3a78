"""Causes in how the auth service reads a key, asks about it, and says no."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must, never, of
from registry_conformance.judge.diagnosis.causes.follows import ALL

_REFUSED = "all 401"

CAUSES: tuple[Cause, ...] = (
    of(
        "legacy-service-id",
        "valid-key-refused",
        must("doors.search.P", _REFUSED),
        must("asked.service.K", "ml-platform", 3),
        must("key.legacy-service.P", "200"),
        clue("keys.platform.K", "valid"),
        follows=ALL,
    ),
    of(
        "key-not-in-header",
        "valid-key-refused",
        must("doors.search.P", _REFUSED),
        must("asked.carrier.K", "(none|body|query|x-api-key)", 3),
        must("keys.platform.K", "valid"),
        never("key.x-api-key.P", "200"),
        clue("asked.service.K", "platform"),
        follows=ALL,
    ),
    of(
        "bearer-scheme-not-read",
        "valid-key-refused",
        must("key.bearer.P", "401"),
        must("key.x-api-key.P", "200", 3),
        clue("key.bad-then-good.P", "200"),
        clue("keys.platform.K", "valid"),
        follows=ALL,
    ),
    of(
        "apikey-scheme-not-read",
        "valid-key-refused",
        must("key.apikey.P", "401", 3),
        must("key.bearer.P", "200", 1),
    ),
    of(
        "x-api-key-not-read",
        "valid-key-refused",
        must("key.x-api-key.P", "401", 3),
        must("key.bearer.P", "200", 1),
    ),
    of(
        "scheme-is-case-sensitive",
        "valid-key-refused",
        must("key.small.P", "401", 3),
        must("key.bearer.P", "200", 1),
    ),
    of(
        "repeated-carrier-let-in",
        "too-open",
        must("red.AUT-037", "failed", 3),
        must("key.bearer.P", "200", 1),
        must("key.bad.P", "401", 1),
    ),
    of(
        "client-address-not-told",
        "identity",
        must("asked.ip.K", "not told", 3),
        clue("key.bearer.P", "200"),
    ),
    of(
        "refused-is-taken-for-valid",
        "too-open",
        must("key.bad.P", "200"),
        must("key.none.P", "401", 1),
        must("keys.platform.K", "valid", 1),
        must("keys.unknown.K", "401"),
        clue("key.expired.P", "200"),
        clue("key.longer.P", "200"),
        follows=("key", "reader", "asked", "seen"),
    ),
    of(
        "nonsense-is-taken-for-valid",
        "too-open",
        must("key.bad.P", "200"),
        must("key.none.P", "401", 1),
        must("keys.platform.K", "200 (nonsense|fields|not valid)"),
        follows=("key", "keys", "reader", "asked", "seen"),
    ),
    of(
        "outage-lets-everyone-in",
        "too-open",
        must("key.bad.P", "200"),
        must("key.none.P", "401", 1),
        must("keys.platform.K", "(refused|reset|timeout|5)"),
        follows=("key", "keys", "reader", "asked", "seen"),
    ),
    of(
        "outage-told-as-bad-key",
        "valid-key-refused",
        must("doors.search.P", _REFUSED),
        must("keys.platform.K", "(refused|reset|timeout|5|200 nonsense)", 3),
        follows=ALL,
    ),
    of(
        "throttle-told-as-bad-key",
        "valid-key-refused",
        must("key.throttled.P", "401", 3),
        must("key.bearer.P", "200", 1),
    ),
    of(
        "throttle-without-retry-after",
        "errors-unclear",
        must("key.throttled.P", "429 (?!.*retry-after)", 3),
        must("key.bearer.P", "200", 1),
    ),
    of(
        "forbidden-without-reason",
        "errors-unclear",
        must("reader.reason.P", "none", 3),
        must("key.none.P", "401 json", 0.5),
        clue("reader.put.P", "403"),
    ),
)
