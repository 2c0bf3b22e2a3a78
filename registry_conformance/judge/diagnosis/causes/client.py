"""Causes on the machine of the client: what is set there, and what is missing."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must, of
from registry_conformance.judge.diagnosis.causes.follows import ALL

CAUSES: tuple[Cause, ...] = (
    of("token-not-exported", "client", must("client.token.P", "not exported", 3), clue("key.bearer.P", "200")),
    of("basic-password-beside-token", "client", must("client.basic.P", "set", 3), clue("key.bearer.P", "200")),
    of("netrc-overrides-token", "client", must("client.netrc.P", "has the host", 3), clue("key.bearer.P", "200")),
    of("client-behind-a-dead-proxy", "client", must("client.proxy.P", "set", 3), clue("key.bearer.P", "200")),
    of("tracking-uri-with-api-path", "client", must("client.uri.P", "an API path", 3), clue("key.bearer.P", "200")),
    of("tracking-into-local-files", "client", must("client.uri.P", "no server", 3), clue("key.bearer.P", "200")),
    of(
        "client-trusts-another-authority",
        "client",
        must("client.authority.P", "(missing|another)", 3),
        clue("tls.handshake.P", "TLSv1"),
    ),
    of(
        "given-key-may-only-read",
        "client",
        must("meta.create.P", "403 json PERMISSION_DENIED", 3),
        must("put.P", "403 json PERMISSION_DENIED"),
        must("meta.model.P", "403 json PERMISSION_DENIED"),
        must("doors.search.P", "all 200"),
        clue("route.rest-delete.P", "all 403 json PERMISSION_DENIED"),
        follows=ALL,
    ),
    of(
        "given-key-has-expired",
        "client",
        must("doors.search.P", "all 401 json UNAUTHENTICATED", 3),
        must("reader.read.P", "200", 3),
        clue("key.bearer.P", "401 json UNAUTHENTICATED"),
        clue("key.x-api-key.P", "401 json UNAUTHENTICATED"),
        clue("key.apikey.P", "401 json UNAUTHENTICATED"),
        follows=ALL,
    ),
)
