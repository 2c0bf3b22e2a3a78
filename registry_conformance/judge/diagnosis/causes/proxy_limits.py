"""Causes in the proxy's limits: of bodies, of time, of what it holds."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must, never
from registry_conformance.judge.diagnosis.causes.follows import BYTES, META

CAUSES: tuple[Cause, ...] = (
    Cause(
        id="body-limit",
        layer="proxy",
        symptom="large-files",
        sentence="the proxy takes bodies only up to a size: its default limit is in force, or it gathers whole "
        "bodies in memory before it forwards them",
        remedy="take the limit off the artifact routes, and have the proxy stream bodies",
        requirements=("ART-003", "ART-023", "ART-007"),
        clues=(
            must("ladder.put.P", "\\S+ (413|502 empty)", 3),
            must("put.P", "200", 1),
            clue("ladder.put.O", "all"),
        ),
        follows=("size", "ladder", "chunked"),
        settings={
            "nginx": "client_max_body_size 0; proxy_request_buffering off",
            "envoy": "no max_request_bytes, no buffer filter",
            "apache": "no RewriteRule that answers 413, no SecRequestBodyLimit of ModSecurity",
            "haproxy": "no http-request deny by content-length",
            "caddy": "no request_body max_size",
            "traefik": "no buffering middleware",
        },
    ),
    Cause(
        id="upload-timeout-short",
        layer="proxy",
        symptom="large-files",
        sentence="the proxy's timeout of a route covers the whole upload, and S3 needs longer",
        remedy="let requests of the artifact routes take as long as they make progress, and bound silence instead",
        settings={
            "envoy": "timeout: 0s and idle_timeout on their routes",
            "nginx": "proxy_read_timeout, proxy_send_timeout",
            "haproxy": "timeout server",
            "apache": "ProxyTimeout",
        },
        requirements=("RTE-003", "ART-001", "REG-001"),
        clues=(
            must("pace.put.P", "(slow|fast)", 0.5),
            must("route.upload.P", "(all 200|all 504|.*504)", 1),
            must("put.P", "504", 3),
            must("doors.search.P", "all 200", 1),
            clue("put.O", "200"),
        ),
        follows=BYTES,
    ),
    Cause(
        id="metadata-timeout-short",
        layer="proxy",
        symptom="now-and-then",
        sentence="the proxy gives MLflow less time than the database needs",
        remedy="set the timeout of the metadata routes to 60 s",
        requirements=("RTE-001",),
        clues=(
            must("doors.search.P", ".*504", 3),
            never("doors.health.P", "all 504"),
            must("meta.create.P", "200", 1),
            must("search.O", "200", 1),
            clue("key.none.P", "401"),
        ),
        follows=(*META, *BYTES),
    ),
)
