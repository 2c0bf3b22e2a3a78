"""Causes in the proxy's way of asking the auth service: routes past it, and what is decided before it is asked."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, Clue, clue, must, never
from registry_conformance.judge.diagnosis.causes.follows import ALL

_PAST: Clue = must("open.decided.P", "without", 1)
_OPEN = "open.main.P"
_AFTER = ("open", "doors.open", "reader", "key", "tls", "error", "spoof", "seen", "asked")

CAUSES: tuple[Cause, ...] = (
    Cause(
        id="no-authentication",
        layer="proxy",
        symptom="too-open",
        sentence="the proxy lets every request through unasked: it does not ask the auth service, or lets pass what "
        "it cannot ask about while that is down",
        remedy="have the proxy ask the auth service about each request, and refuse if it cannot ask; see that the "
        "auth service runs",
        requirements=(
            "AUT-001",
            "AUT-002",
            "AUT-003",
            "AUT-004",
            "AUT-006",
            "AUT-010",
            "AUZ-004",
            "AUZ-026",
            "AUZ-030",
            "ERR-042",
            "OPS-012",
            "AUT-021",
            "AUT-025",
            "AUT-054",
            "AUT-055",
            "AUT-009",
            "AUT-031",
            "AUT-060",
            "AUT-061",
        ),
        clues=(
            _PAST,
            must("key.none.P", "200"),
            must("key.bad.P", "200"),
            must(_OPEN, "rest:200 write:.*(page|version):200"),
            must("doors.open.P", "all rest:200", 1),
            clue("seen.user.O", "none"),
            clue("keys.platform.K", "valid"),
        ),
        follows=ALL,
        settings={
            "envoy": "the ext_authz filter before the router, failure_mode_allow: false",
            "nginx": "auth_request in each location",
            "traefik": "the forwardAuth middleware on each router",
        },
    ),
    Cause(
        id="door-past-authentication",
        layer="proxy",
        symptom="too-open",
        sentence="the load balancer sends /mlflow straight to MLflow, past the auth service",
        remedy="send /mlflow to the proxy's authenticating route, and close MLflow to everyone else",
        requirements=("AUT-001", "AUT-002", "AUT-003", "AUZ-021"),
        clues=(
            must("doors.open.P", ".*none"),
            must("doors.open.P", ".*rest:200"),
        ),
        follows=("doors.open", "open"),
    ),
    Cause(
        id="artifact-routes-open",
        layer="proxy",
        symptom="too-open",
        sentence="the artifact route was added to the proxy without the authentication that the metadata route has",
        remedy="ask for a key on every path and exempt /health alone, by its whole path",
        requirements=("AUT-002", "AUT-003", "AUT-004", "AUT-023"),
        clues=(
            _PAST,
            must(_OPEN, "(?!rest).*put:200.*list:200"),
            never(_OPEN, "rest:200"),
            clue("reader.put.P", "200"),
        ),
        follows=_AFTER,
    ),
    Cause(
        id="multipart-routes-open",
        layer="proxy",
        symptom="too-open",
        sentence="the multipart routes answer without a key: the proxy does not ask the auth service there, or that "
        "has no rule for it",
        remedy="ask for a key on the multipart routes at every door, and have the auth service refuse every route "
        "that it does not know",
        requirements=("AUT-005", "AUZ-008", "AUZ-018"),
        clues=(must(_OPEN, "multipart:\\d+$"),),
        follows=_AFTER,
        settings={"envoy": "no ext_authz exemption on these routes", "nginx": "auth_request in their locations"},
    ),
    Cause(
        id="presigned-route-open",
        layer="proxy",
        symptom="too-open",
        sentence="the rules of authentication know mlflow-artifacts/artifacts, but not presigned beside it",
        remedy="ask for a key on every path and exempt /health alone, by its whole path",
        requirements=("AUZ-017", "AUT-005"),
        clues=(
            _PAST,
            must(_OPEN, "presign:\\d+$", 3),
        ),
        follows=_AFTER,
    ),
    Cause(
        id="browser-downloads-open",
        layer="proxy",
        symptom="too-open",
        sentence="/get-artifact and /model-versions/get-artifact answer without a key: the proxy does not ask the "
        "auth service there, or that has no rule for it",
        remedy="ask for a key on /get-artifact and /model-versions/get-artifact at every door, and have the auth "
        "service refuse every route that it does not know",
        requirements=("AUT-007", "AUZ-017"),
        clues=(must(_OPEN, "get-artifact:\\d+( version-artifact:\\d+)?$"),),
        follows=_AFTER,
        settings={"envoy": "no ext_authz exemption on these routes", "nginx": "auth_request in their locations"},
    ),
    Cause(
        id="browser-api-open",
        layer="proxy",
        symptom="too-open",
        sentence="/ajax-api answer without a key: the proxy does not ask the auth service there, or that has no "
        "rule for it",
        remedy="ask for a key on /ajax-api at every door, and have the auth service refuse every route that it does "
        "not know",
        requirements=("AUT-006", "AUZ-009", "AUZ-015", "AUZ-016"),
        clues=(must(_OPEN, "ajax:200 .*ajax3:200.*"),),
        follows=_AFTER,
        settings={"envoy": "no ext_authz exemption on these routes", "nginx": "auth_request in their locations"},
    ),
    Cause(
        id="graphql-open",
        layer="proxy",
        symptom="too-open",
        sentence="/graphql lies outside /api, which is all that the authentication covers",
        remedy="ask for a key on every path and exempt /health alone, by its whole path",
        requirements=("AUT-007",),
        clues=(
            _PAST,
            must(_OPEN, "graphql:\\d+$", 3),
        ),
        follows=_AFTER,
    ),
    Cause(
        id="api-3-open",
        layer="proxy",
        symptom="too-open",
        sentence="authentication was set up for /api/2.0 by name",
        remedy="ask for a key on every path and exempt /health alone, by its whole path",
        requirements=("AUZ-015",),
        clues=(
            _PAST,
            must(_OPEN, "api3:200( ajax3:200)?$", 3),
        ),
        follows=_AFTER,
    ),
    Cause(
        id="refused-requests-forwarded",
        layer="proxy",
        symptom="too-open",
        sentence="the proxy asks MLflow before it knows what the auth service says, and keeps back the answer alone",
        remedy="have the proxy decide before it forwards, so that a refused request goes no further",
        requirements=("RTE-049", "AUT-002", "AUT-004"),
        clues=(
            must("seen.refused.O", "came", 3, or_red="RTE-049"),
            must("key.none.P", "401", 1),
            must("key.bad.P", "401", 1),
        ),
        settings={"envoy": "the ext_authz filter before the router"},
    ),
    Cause(
        id="health-open-to-every-method",
        layer="proxy",
        symptom="too-open",
        sentence="the exemption of the health probe is by its path, for whatever method",
        remedy="exempt GET, HEAD and OPTIONS of /health alone",
        requirements=("AUT-057",),
        clues=(
            must("open.health.P", "(?!401)", 3, or_red="AUT-057"),
            must("key.none.P", "401", 1),
            must("key.bad.P", "401", 1),
        ),
    ),
    Cause(
        id="path-normalised-after-authentication",
        layer="proxy",
        symptom="too-open",
        sentence="the page's files need no key, and dot segments are resolved after that was decided",
        remedy="normalise paths before the auth service is asked, and refuse escaped slashes",
        settings={
            "envoy": "normalize_path, merge_slashes, path_with_escaped_slashes_action",
            "nginx": "merge_slashes on",
        },
        requirements=("AUZ-022",),
        clues=(
            must("bypass.P", "(?!.*(ending|query)).*dots", 3),
            must("key.none.P", "401", 1),
        ),
    ),
    Cause(
        id="exemption-by-substring",
        layer="proxy",
        symptom="too-open",
        sentence="the exemption of the health probe is a regex that is searched anywhere in the target",
        remedy="anchor the exemption: ^/health$ instead of /health",
        requirements=("AUZ-022",),
        clues=(
            must("bypass.P", ".*(query|parameter|ending)", 3),
            must("key.none.P", "401", 1),
        ),
    ),
    Cause(
        id="answers-cached-across-users",
        layer="proxy",
        symptom="too-open",
        sentence="a cache before the proxy keeps answers by their URL alone, whoever asked",
        remedy="do not cache API answers: Cache-Control: no-store, or a cache key with Authorization and X-API-Key",
        requirements=("AUT-003", "OPS-010"),
        clues=(
            must("key.none.P", "200"),
            must("key.bad.P", "200"),
            must("get.again.P", "200 (long|short|other)"),
            never(_OPEN, ".*(write|put):(200|400)"),
            clue("asked.service.K", "nothing asked"),
        ),
        follows=ALL,
    ),
)
