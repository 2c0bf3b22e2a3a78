"""Causes at one door of several: it is closed, or its rule serves a part, or mangles paths."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, Clue, must, never, of
from registry_conformance.judge.diagnosis.causes.follows import META

_NONE = "404 (?!json (RESOURCE|detail)|.*flask)"
_OTHERS: Clue = must("doors.search.P", ".*200 json", 1)
_AFTER = ("doors", "route", "open")

CAUSES: tuple[Cause, ...] = (
    of(
        "documented-door-closed",
        "one-door",
        must("doors.search.P", f".*documented {_NONE}"),
        must("doors.health.P", f".*documented {_NONE}"),
        _OTHERS,
        follows=_AFTER,
    ),
    of(
        "literal-door-closed",
        "one-door",
        must("doors.search.P", f".*literal {_NONE}"),
        must("doors.health.P", f".*literal {_NONE}"),
        _OTHERS,
        follows=_AFTER,
    ),
    of(
        "artifacts-missing-at-literal-door",
        "one-door",
        must("route.upload.P", f".*literal {_NONE}", 3),
        must("route.upload.P", ".*200", 1),
        must("doors.search.P", "all 200", 1),
        follows=_AFTER,
    ),
    of(
        "metadata-missing-at-documented-door",
        "one-door",
        must("doors.search.P", f".*documented {_NONE}"),
        must("route.upload.P", "(all 200|.*documented 200)"),
        must("route.page.P", "(all 200|.*documented 200)", 1),
        follows=_AFTER,
    ),
    of(
        "browser-api-missing-at-canonical-door",
        "one-door",
        must("route.ajax.P", f".*canonical {_NONE}", 3),
        must("doors.search.P", "all 200", 1),
        follows=_AFTER,
    ),
    of(
        "prefix-not-stripped",
        "one-door",
        must("doors.search.P", ".*(documented|canonical|literal) 404 .*flask"),
        must("doors.health.P", ".*404 .*flask"),
        _OTHERS,
        follows=(*_AFTER, *META),
    ),
    of(
        "prefix-eats-api-path",
        "one-door",
        must("doors.search.P", ".*(documented|canonical|literal) 404 .*flask"),
        must("doors.health.P", "all 200"),
        must("route.page.P", "all 200", 1),
        never("doors.search.P", ".*404 json detail"),
        _OTHERS,
        follows=(*_AFTER, *META),
    ),
)
