"""Causes in who may do what: rights, routes and identities as the auth service decides them."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must, never, of, one
from registry_conformance.judge.diagnosis.causes.follows import ALL, BYTES

CAUSES: tuple[Cause, ...] = (
    of(
        "reader-may-write",
        "too-open",
        must("reader.put.P", "200"),
        must("reader.create.P", "(200|400)"),
        must("key.none.P", "401", 1),
        must("key.bad.P", "401", 1),
        clue("reader.delete.P", "200"),
        clue("reader.multipart.P", "(200|400)"),
        never("reader.get.P", "403"),
        follows=("reader",),
    ),
    of(
        "reader-may-delete",
        "too-open",
        must("reader.delete-model.P", "(200|400)"),
        must("reader.put.P", "403"),
        clue("reader.delete.P", "200"),
        follows=("reader",),
    ),
    of(
        "reader-cannot-download",
        "downloads-fail",
        must("reader.get.P", "403"),
        must("reader.read.P", "200"),
        clue("reader.list.P", "403"),
        clue("reader.presign.P", "403"),
    ),
    of(
        "writer-cannot-upload",
        "uploads-fail",
        must("put.P", "403 json PERMISSION"),
        must("meta.create.P", "200"),
        clue("put.O", "200"),
        clue("multipart.create.P", "403"),
        clue("admin.put.P", "200"),
        follows=BYTES,
    ),
    of(
        "admin-keys-only",
        "valid-key-refused",
        must("doors.search.P", "all 403 json PERMISSION"),
        must("admin.read.P", "200"),
        clue("reader.read.P", "403"),
        follows=ALL,
    ),
    of(
        "door-missing-in-policy",
        "one-door",
        must("doors.reader.P", ".*403"),
        must("doors.reader.P", ".*200", 1),
        must("doors.search.P", "all 200", 1),
    ),
    of(
        "search-is-open",
        "too-open",
        must("open.decided.P", "by", 1),
        must("doors.open.P", "all rest:200$"),
        clue("open.main.P", "rest:200( head:\\d+)?$"),
        clue("key.none.P", "200"),
        follows=("open", "key", "asked", "seen", "tls", "error.no-key", "spoof"),
    ),
    of(
        "patch-needs-no-key",
        "too-open",
        must("open.main.P", "patch:[24]\\d\\d$"),
        never("open.main.P", "patch:40[135]"),
        clue("reader.patch.P", "(200|400)"),
    ),
    one(
        "identity-not-told",
        "auth",
        "identity",
        "MLflow is not told whose request it is: the auth service does not answer with the identity, or the proxy does "
        "not pass it on",
        "have the auth service answer with X-Hokusai-User-Id and X-Hokusai-API-Key-Id, and name both among the headers "
        "that the proxy takes over from its answer (allowed_upstream_headers)",
        must("seen.user.O", "none", 3),
        must("key.bad.P", "401", 0.5),
        must("key.none.P", "401", 0.5),
        clue("seen.authorization.O", "(kept|other)"),
        faults=("identity-not-told", "identity-not-forwarded"),
    ),
    of(
        "identity-of-a-service-account",
        "identity",
        must("seen.users.O", "one for all", 3),
        must("seen.user.O", "the key's", 0.5),
    ),
    of(
        "decisions-shared-by-path",
        "too-open",
        must("key.none.P", "200"),
        must("key.bad.P", "200"),
        must("open.main.P", "(?!.*unknown)(?!none)(?!rest:200( head:\\d+)?$)"),
        must("reader.put.P", "(200|403)", 0.5),
        never("get.again.P", "200 (long|short|other)"),
        follows=("open", "key", "reader", "asked", "seen", "tls", "error", "spoof", "doors", "admin"),
    ),
)
