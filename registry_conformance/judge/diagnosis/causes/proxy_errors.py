"""Causes in the form of errors: who maps them, to what status, and what they give away."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must, never, of
from registry_conformance.judge.diagnosis.causes.follows import ALL

_AFTER = (
    "error",
    "route",
    "reader",
    "key",
    "meta",
    "head",
    "browser",
    "get",
    "presign",
    "climb",
    "multipart",
    "open",
    "name",
)

CAUSES: tuple[Cause, ...] = (
    of(
        "upstream-errors-passed-through",
        "errors-unclear",
        must("error.no-method.P", "405 (html|text)"),
        must("error.no-door.P", "404 json", 1),
        must("error.absent.P", "404 json", 1),
        must("route.rest.P", "all 200", 0.5),
        clue("error.no-file.P", "400 json (detail|.*detail)"),
        follows=_AFTER,
    ),
    of(
        "proxy-errors-are-text",
        "errors-unclear",
        must("error.no-door.P", "404 (empty|text)", 3),
        must("error.absent.P", "404 json", 1),
        must("route.rest.P", "all 200", 0.5),
        follows=("error", "key", "tls", "spoof", "reader", "browser"),
    ),
    of(
        "errors-replaced-by-page",
        "errors-unclear",
        must("error.absent.P", "404 (html|text)"),
        must("error.bad.P", "400 (html|text)"),
        clue("key.none.P", "401 (html|text)"),
        follows=_AFTER,
    ),
    of(
        "refusals-replaced-by-page",
        "errors-unclear",
        must("key.none.P", "401 (html|text)", 3),
        must("error.absent.P", "404 json", 1),
        must("error.bad.P", "400 json", 1),
        must("key.bearer.P", "200", 0.5),
        clue("reader.reason.P", "none"),
        follows=("error", "key", "reader", "spoof"),
    ),
    of(
        "errors-told-as-success",
        "errors-unclear",
        must("error.absent.P", "200"),
        must("error.bad.P", "200"),
        follows=ALL,
    ),
    of(
        "refusals-told-as-outage",
        "errors-unclear",
        must("error.absent.P", "500"),
        must("error.bad.P", "500"),
        must("route.rest.P", "all 200", 1),
        follows=_AFTER,
    ),
    of(
        "bad-requests-pass-for-good",
        "errors-unclear",
        must("error.bad.P", "200", 3),
        must("error.absent.P", "404 json", 1),
        must("meta.source.P", "200"),
        clue("browser.near.P", "200"),
        follows=_AFTER,
    ),
    of(
        "missing-told-as-forbidden",
        "errors-unclear",
        must("error.absent.P", "403"),
        must("error.bad.P", "400", 1),
        must("route.rest.P", "all 200", 1),
        follows=_AFTER,
    ),
    of(
        "upstream-address-told",
        "nothing-answers",
        must("doors.search.P", "all 502"),
        must("error.absent.P", "502 .*names-address", 3),
        must("search.O", "200", 1),
        follows=ALL,
    ),
    of(
        "upstream-address-wrong",
        "nothing-answers",
        must("doors.search.P", "all 502"),
        must("error.absent.P", "502 (?!.*names-address)", 1),
        must("log.proxy.P", ".*(refused|connection_failure|UF|delayed)", 2),
        must("search.O", "200", 1),
        never("log.proxy.P", ".*(TLS|tls|termination)"),
        follows=ALL,
    ),
)
