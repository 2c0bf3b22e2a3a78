"""A body longer than the deployment declares is refused, and none that is not."""

from __future__ import annotations

from dataclasses import replace

from fixtures.scratch_stack import Scratch
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.deployment import REFERENCE, Proxy

LIMIT = 100_000
LIMITED = replace(REFERENCE, proxy=Proxy(body_limit=LIMIT))
PLACE, FREE = "mlflow-artifacts:/limited", "mlflow-artifacts:/free"


@verifies("ERR-045")
def test_upload_over_the_limit_is_a_json_413(scratch: Scratch) -> None:
    """An upload one byte over the limit is a JSON 413, and stored nowhere."""
    door = scratch.apply(LIMITED)
    whole = door.put_artifact(PLACE, "whole.bin", b"x" * LIMIT)
    longer = door.put_artifact(PLACE, "longer.bin", b"x" * (LIMIT + 1))

    expect_status(whole, 200)
    expect_refused(longer, 413)
    expect_equal(scratch.bucket.under(PLACE), {"whole.bin": LIMIT}, "objects")


@verifies("ERR-045")
def test_document_over_the_limit_is_a_json_413(scratch: Scratch) -> None:
    """A document over the declared limit is a JSON 413."""
    door = scratch.apply(LIMITED)
    require(door.post("experiments/search", max_results=1, padding="x" * 100), 200)  # control: a short one is read

    expect_refused(door.post("experiments/search", max_results=1, padding="x" * LIMIT), 413)


@verifies("ERR-046")
def test_limit_is_told_to_keys_only(scratch: Scratch) -> None:
    """Whoever has no key is told that, not the limit."""
    door = scratch.apply(LIMITED)
    require(door.put_artifact(PLACE, "longer.bin", b"x" * (LIMIT + 1)), 413)  # control: it is too long

    expect_refused(door.with_key(None).put_artifact(PLACE, "longer.bin", b"x" * (LIMIT + 1)), 401)


@verifies("ERR-047")
def test_nothing_is_limited_that_is_not_declared(scratch: Scratch) -> None:
    """Without a declared limit an upload of that length is stored."""
    longer = b"x" * (LIMIT + 1)
    require(scratch.apply(LIMITED).put_artifact(FREE, "free.bin", longer), 413)  # control: the limit counted

    expect_status(scratch.apply(REFERENCE).put_artifact(FREE, "free.bin", longer), 200)
