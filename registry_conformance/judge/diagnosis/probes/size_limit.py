"""Where uploads fail from a size on: a size between the last that passed and the first that failed, and another way."""

from __future__ import annotations

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS
from registry_conformance.judge.diagnosis.asker import PLACES, Asker
from registry_conformance.judge.diagnosis.probes.artifacts import FILES, content, follow
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.json_document import is_web_address

KIB = 1024
_BETWEEN = {"1m": ("512k", 512 * KIB), "5m": ("3m", 3 * KIB * KIB), "9m": ("7m", 7 * KIB * KIB)}
"""First size that failed -> one between it and the last that passed; 7 MiB is below what MLflow sends on in parts."""
_SIZES = {"512k": 512 * KIB, "1m": KIB * KIB + 1, "3m": 3 * KIB * KIB, "5m": 5 * KIB * KIB + 1, "7m": 7 * KIB * KIB,
          "9m": 9 * KIB * KIB + 1, "11m": 11 * KIB * KIB + 1}  # fmt: skip
_SOON = 10.0
"""Seconds from which a failure took too long to be looked into further."""


def narrowed(asker: Asker, failed: str, put: Exchange) -> None:
    """Upload a size between the last that passed and the first that ``failed``; send one that fails past MLflow.

    What the store takes as a part by a presigned URL, neither its room nor its rights refuse.
    """
    if failed not in _BETWEEN or put.seconds > _SOON or put.error.startswith(("timeout", "skipped")):
        return
    facts, place = asker.context.facts, asker.place
    step, size = _BETWEEN[failed]
    path = f"{FILES}/{asker.context.folder}/{place}-sizes/between.bin"
    between = asker.send("PUT", path, once=True, body=content(size))
    if between.error.startswith(("skipped", "timeout")):
        return
    value = f"{step} {summarize(between)}"
    words = f"an upload of {size} B, between what passed and what failed, {PLACES[place]}: {between}"
    facts.record(f"ladder.between.{place}", value, words, ".*", (between.evidence(),))
    if put.status is not None and put.status >= 500:
        _as_a_part(asker, failed if between.ok else step)


def _as_a_part(asker: Asker, step: str) -> None:
    """Send the smallest size that failed to the store itself, as the one part of an upload that is given up then."""
    context, place = asker.context, asker.place
    folder = f"{context.folder}/{place}-sizes"
    created = asker.send("POST", f"{ARTIFACTS}/mpu/create/{folder}", once=True, json={"path": "p.bin", "num_parts": 1})
    url, upload_id = created.at("credentials", 0, "url"), created.at("upload_id")
    if not created.ok or not is_web_address(url) or not isinstance(upload_id, str):
        context.facts.unseen(f"ladder.part.{place}", "no multipart upload was begun")
        return
    part = follow(context, "PUT", url, content(_SIZES[step]))
    document = {"path": "p.bin", "upload_id": upload_id}
    asker.send("POST", f"{ARTIFACTS}/mpu/abort/{folder}", json=document)
    words = f"a part of {_SIZES[step]} B sent to the store itself, by the URL given {PLACES[place]}: {part}"
    context.facts.record(f"ladder.part.{place}", f"{step} {summarize(part)}", words, ".*", (part.evidence(),))
