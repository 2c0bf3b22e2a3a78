"""Causes in the proxy's limits: of bodies, of time, of what it holds."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must, never, of, one
from registry_conformance.judge.diagnosis.causes.follows import BYTES, META

CAUSES: tuple[Cause, ...] = (
    one(
        "body-limit",
        "proxy",
        "large-files",
        "the proxy takes bodies only up to a size: its default limit is in force, or it gathers whole bodies in memory "
        "before it forwards them",
        "take the limit off the artifact routes (client_max_body_size 0, max_request_bytes) and have the proxy stream "
        "bodies (proxy_request_buffering off, no buffer filter)",
        must("ladder.put.P", "\\S+ 413", 3),
        must("put.P", "200", 1),
        clue("ladder.put.O", "all"),
        faults=("body-limit", "bodies-buffered-whole"),
        follows=("size", "ladder", "chunked"),
    ),
    of(
        "upload-timeout-short",
        "large-files",
        must("pace.put.P", "(slow|fast)", 0.5),
        must("route.upload.P", "(all 200|all 504|.*504)", 1),
        must("put.P", "504", 3),
        must("doors.search.P", "all 200", 1),
        clue("put.O", "200"),
        follows=BYTES,
    ),
    of(
        "metadata-timeout-short",
        "now-and-then",
        must("doors.search.P", ".*504", 3),
        never("doors.health.P", "all 504"),
        must("pace.search.P", "(fast|slow 0)", 1),
        must("search.O", "200", 1),
        clue("key.none.P", "401"),
        follows=(*META, *BYTES),
    ),
)
