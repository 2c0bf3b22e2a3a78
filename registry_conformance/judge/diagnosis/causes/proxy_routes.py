"""Causes in the proxy's routes: something is missing, shadowed, or sent elsewhere."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must, never, of
from registry_conformance.judge.diagnosis.causes.follows import ALL, BYTES, META

_NONE = "404 (?!json RESOURCE)"
"""A 404 that does not come from an MLflow which knows the route."""
_ALL_NONE = f"all {_NONE}"

CAUSES: tuple[Cause, ...] = (
    of(
        "artifact-route-missing",
        "uploads-fail",
        must("route.upload.P", f"{_ALL_NONE}(?!.*flask)"),
        must("put.P", _NONE),
        clue("doors.search.P", "all 200"),
        clue("route.listing.P", _ALL_NONE),
        clue("put.O", "200"),
        clue("route.multipart.P", "all 200"),
        follows=BYTES,
    ),
    of(
        "presigned-route-missing",
        "downloads-fail",
        must("route.presigned.P", f"{_ALL_NONE}(?!.*flask)"),
        must("put.P", "200", 0.5),
        clue("presign.O", "200"),
        follows=("presign", "reader.presign", "error.no-presign"),
    ),
    of(
        "multipart-route-missing",
        "large-files",
        must("route.multipart.P", f"{_ALL_NONE}(?!.*flask)"),
        must("put.P", "200", 0.5),
        clue("route.multipart.O", "200"),
        follows=("multipart", "error.no-upload"),
    ),
    of(
        "rest-route-missing",
        "some-routes",
        must("route.rest.P", f"{_ALL_NONE}(?!.*flask)"),
        must("route.api3.P", _ALL_NONE),
        must("route.ajax.P", "all 200"),
        clue("search.O", "200"),
        follows=META,
    ),
    of(
        "ajax-route-missing",
        "some-routes",
        must("route.ajax.P", f"{_ALL_NONE}(?!.*flask)"),
        must("route.rest.P", "all 200", 0.5),
        never("route.ajax-files.P", _ALL_NONE),
        clue("route.ajax3.P", _ALL_NONE),
        clue("route.ajax.O", "200"),
        follows=("route.ajax",),
    ),
    of(
        "ajax-file-routes-missing",
        "some-routes",
        must("route.ajax-files.P", _ALL_NONE),
        must("route.rest.P", "all 200", 0.5),
        clue("route.ajax.P", _ALL_NONE),
        follows=("route.ajax",),
    ),
    of(
        "browser-download-route-missing",
        "some-routes",
        must("route.get-artifact.P", _ALL_NONE),
        must("route.rest.P", "all 200", 0.5),
        clue("route.version-artifact.P", _ALL_NONE),
    ),
    of(
        "graphql-route-missing", "some-routes", must("route.graphql.P", _ALL_NONE), must("route.rest.P", "all 200", 0.5)
    ),
    of(
        "health-route-missing", "some-routes", must("doors.health.P", _ALL_NONE), must("doors.search.P", "all 200", 0.5)
    ),
    of(
        "version-route-missing",
        "some-routes",
        must("doors.version.P", _ALL_NONE),
        must("doors.search.P", "all 200", 0.5),
    ),
    of(
        "user-interface-route-missing",
        "some-routes",
        must("route.page.P", _ALL_NONE),
        must("route.rest.P", "all 200", 0.5),
        clue("route.files.P", _ALL_NONE),
        follows=("head.sniff",),
    ),
    of(
        "page-files-shadowed",
        "some-routes",
        must("route.files.P", _ALL_NONE, 3),
        must("route.page.P", "all 200", 1),
        clue("route.files.O", "200"),
        follows=("head.unchanged",),
    ),
    of(
        "routes-of-mlflow-2",
        "metadata-wrong",
        must("route.api3.P", f"{_ALL_NONE}(?!.*flask)"),
        must("route.logged.P", _ALL_NONE),
        must("route.rest.P", "all 200"),
        follows=("meta", "open", "reader", "route.ajax"),
    ),
    of(
        "api-3-sent-to-api-2",
        "some-routes",
        must("route.api3.P", "all 404 .*flask"),
        must("route.rest.P", "all 200"),
        clue("route.ajax3.P", "all 404 .*flask"),
        clue("route.api3.O", "200"),
        follows=("meta.api3", "reader.api3"),
    ),
    of(
        "catch-all-outranks-door",
        "one-door",
        must("doors.search.P", ".*404 json detail"),
        must("doors.search.P", ".*200 json", 1),
        follows=("doors", "route", "open", *META),
    ),
    of(
        "page-answers-artifact-routes",
        "uploads-lost",
        must("put.P", "200 html"),
        must("route.upload.P", "all 200 html"),
        clue("stored.P", "absent"),
        clue("list.P", "200 html"),
        follows=BYTES,
    ),
    of(
        "login-redirect",
        "uploads-fail",
        must("put.P", "30[1278]"),
        clue("open.main.P", ".*put:30"),
        clue("list.P", "30"),
        clue("doors.search.P", "all 200"),
        follows=BYTES,
    ),
    of(
        "trailing-slash-appended",
        "some-routes",
        must("route.rest.P", "all 404 .*flask"),
        must("route.upload.P", "all 400"),
        clue("search.O", "200"),
        clue("route.page.P", "all 200"),
        follows=ALL,
    ),
)
