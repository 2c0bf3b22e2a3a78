"""Causes in the proxy's way of asking the auth service: routes past it, and what is decided before it is asked."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, Clue, clue, must, never, of, one
from registry_conformance.judge.diagnosis.causes.follows import ALL

_PAST: Clue = must("open.decided.P", "without", 1)
_OPEN = "open.main.P"
_AFTER = ("open", "doors.open", "reader", "key", "tls", "error", "spoof", "seen", "asked")

CAUSES: tuple[Cause, ...] = (
    one(
        "no-authentication",
        "proxy",
        "too-open",
        "the proxy lets every request through unasked: it does not ask the auth service, or lets pass what it cannot "
        "ask about while that is down",
        "put the ext_authz filter before the router with failure_mode_allow: false, and see that the auth service runs",
        _PAST,
        must("key.none.P", "200"),
        must("key.bad.P", "200"),
        must(_OPEN, "rest:200 write:.*(page|version):200"),
        must("doors.open.P", "all rest:200", 1),
        clue("seen.user.O", "none"),
        clue("keys.platform.K", "valid"),
        faults=("no-authentication", "auth-service-fails-open"),
        follows=ALL,
    ),
    of(
        "door-past-authentication",
        "too-open",
        must("doors.open.P", ".*none"),
        must("doors.open.P", ".*rest:200"),
        follows=("doors.open", "open"),
    ),
    of(
        "artifact-routes-open",
        "too-open",
        _PAST,
        must(_OPEN, "(?!rest).*put:200.*list:200"),
        never(_OPEN, "rest:200"),
        clue("reader.put.P", "200"),
        follows=_AFTER,
    ),
    one(
        "multipart-routes-open",
        "proxy",
        "too-open",
        "the multipart routes answer without a key: the proxy does not "
        "ask the auth service there, or that has no rule for it",
        "put the multipart routes behind ext_authz at every door, and have the "
        "auth service refuse every route that it does not know",
        must(_OPEN, "multipart:\\d+$"),
        faults=("multipart-routes-open", "multipart-is-open"),
        follows=_AFTER,
    ),
    of("presigned-route-open", "too-open", _PAST, must(_OPEN, "presign:\\d+$", 3), follows=_AFTER),
    one(
        "browser-downloads-open",
        "proxy",
        "too-open",
        "/get-artifact and /model-versions/get-artifact answer without a key: the proxy does not "
        "ask the auth service there, or that has no rule for it",
        "put /get-artifact and /model-versions/get-artifact behind ext_authz at every door, and have the "
        "auth service refuse every route that it does not know",
        must(_OPEN, "get-artifact:\\d+( version-artifact:\\d+)?$"),
        faults=("browser-downloads-open", "get-artifact-is-open"),
        follows=_AFTER,
    ),
    one(
        "browser-api-open",
        "proxy",
        "too-open",
        "/ajax-api answer without a key: the proxy does not ask the auth service there, or that has no rule for it",
        "put /ajax-api behind ext_authz at every door, and have the "
        "auth service refuse every route that it does not know",
        must(_OPEN, "ajax:200 .*ajax3:200.*"),
        faults=("browser-api-open", "ajax-api-is-open"),
        follows=_AFTER,
    ),
    of("graphql-open", "too-open", _PAST, must(_OPEN, "graphql:\\d+$", 3), follows=_AFTER),
    of("api-3-open", "too-open", _PAST, must(_OPEN, "api3:200( ajax3:200)?$", 3), follows=_AFTER),
    of(
        "refused-requests-forwarded",
        "too-open",
        must("red.RTE-049", "failed", 3),
        must("key.none.P", "401", 1),
        must("key.bad.P", "401", 1),
    ),
    of(
        "path-normalised-after-authentication",
        "too-open",
        must("bypass.P", "(?!.*(ending|query)).*dots", 3),
        must("key.none.P", "401", 1),
    ),
    of(
        "exemption-by-substring",
        "too-open",
        must("bypass.P", ".*(query|parameter|ending)", 3),
        must("key.none.P", "401", 1),
    ),
    of(
        "answers-cached-across-users",
        "too-open",
        must("key.none.P", "200"),
        must("key.bad.P", "200"),
        must("get.again.P", "200 (long|short|other)"),
        never(_OPEN, ".*(write|put):(200|400)"),
        clue("asked.service.K", "nothing asked"),
        follows=ALL,
    ),
)
