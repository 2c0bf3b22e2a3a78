"""Uploads of various sizes, framings and names, including interrupted ones."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import replace

from registry_conformance.judge.clients.content_coding import ACCEPTED
from registry_conformance.judge.diagnosis.answer_judges import whole
from registry_conformance.judge.diagnosis.asker import PLACES, Asker
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import FILES, content
from registry_conformance.judge.diagnosis.probes.bucket import record_stored, under
from registry_conformance.judge.diagnosis.probes.size_limit import narrowed

KIB = 1024
_PATIENCE = 4.0
"""Seconds that the answer to a large body is waited for, on a machine that has time."""
_SLACK = 4
"""So many times as long as by the pace of the step before, a step of the ladder may take: links are slow."""
LADDER = (
    ("64k", 64 * KIB),
    ("1m", 1024 * KIB + 1),
    ("5m", 5 * 1024 * KIB + 1),
    ("9m", 9 * 1024 * KIB + 1),
    ("11m", 11 * 1024 * KIB + 1),
)
LARGEST, _LONGEST = "11m", 5.0
"""A step beyond the 10 MB that gateways take, and the seconds that it may be expected to take; a slow link has none.

Nor has a target where requests are repeated: what may be sent to it is bounded."""
_REPEATED, _TIMES = 1024 * KIB + 1, 3
"""Up to this size, which is above the usual limit of a proxy, an upload that passed is sent so many times more."""
NAMES = {
    "hash": ("a%23b.txt", "a#b.txt"),
    "question": ("a%3Fb.txt", "a?b.txt"),
    "plus": ("a+b.txt", "a+b.txt"),
    "space": ("a%20b.txt", "a b.txt"),
    "unicode": ("%C3%A9.txt", "\u00e9.txt"),
    "semicolon": ("a;b.txt", "a;b.txt"),
    "slash": ("a/b/c.txt", "a/b/c.txt"),
    "gz": ("a.gz", "a.gz"),
    "dot": (".gitignore", ".gitignore"),
}

PACKED = gzip.compress(b"a vocabulary, as tokenizers keep it: " * 20, mtime=0)
"""What a file named *.gz holds."""


def sizes(context: ProbeContext, place: str) -> None:
    """Upload increasing sizes until one fails."""
    failed: dict[str, str] = {}
    pace = 0.0
    for step, size in LADDER:
        if step == LARGEST and (pace * size > _LONGEST or context.repetition.needed):
            break
        asker = context.at(place, patience=max(_PATIENCE, _SLACK * pace * size))
        body, path = content(size), f"{context.folder}/{place}-sizes/{step}.bin"
        put = asker.ask(f"size.{step}", f"an upload of {size} B", "PUT", f"{FILES}/{path}", body=body, normal="200 .*")
        record_stored(context, f"size.{step}.stored.{place}", path, body, put)
        pace = put.seconds / size
        _note(failed, context, "put", f"size.{step}.{place}", step)
        _note(failed, context, "stored", f"size.{step}.stored.{place}", step)
        if not put.ok:
            narrowed(asker, step, put)
            break
        if size <= _REPEATED:
            for _ in range(_TIMES):  # by turns, with nothing between, each of several proxies meets one
                asker.send_until(lambda met: met.ok, "PUT", f"{FILES}/{path}", body=body)
        got = f"a download of {size} B"
        asker.ask(f"size.{step}.get", got, "GET", f"{FILES}/{path}", normal="200 whole", judge=whole(body))
        _note(failed, context, "get", f"size.{step}.get.{place}", step)
    if context.facts.value(f"size.{LADDER[0][0]}.{place}"):
        for aspect, words in (("put", "uploads"), ("stored", "objects in the bucket"), ("get", "downloads")):
            value = failed.get(aspect, "all")
            told_so = "are right at every size" if value == "all" else f"go wrong from {value}"
            context.facts.record(f"ladder.{aspect}.{place}", value, f"{words} {PLACES[place]} {told_so}", "all")
    if re.fullmatch(r"\w+ 200 (?:short|empty)\b.*", failed.get("get", "")):
        _kept_in_size(asker, failed["get"].partition(" ")[0])


def _kept_in_size(asker: Asker, step: str) -> None:
    """Tell in which size a file is listed that comes back shorter than it was sent: lost on the way there, or back."""
    context, place = asker.context, asker.place
    listing = asker.send("GET", FILES, query={"path": f"{context.folder}/{place}-sizes"})
    said = listing.at("files") if listing.ok else None
    files = [file for file in said if isinstance(file, dict)] if isinstance(said, list) else []
    listed = {str(file.get("path")): str(file.get("file_size", 0)) for file in files}.get(f"{step}.bin", "")
    if not listed.isdecimal():
        return
    size = dict(LADDER)[step]
    value = "whole" if int(listed) == size else "short"
    words = f"an upload of {size} B {PLACES[place]}, of which less comes back, is listed with {listed} B"
    context.facts.record(f"ladder.kept.{place}", f"{step} {value}", words, ".*", (listing.evidence(),))


def _note(failed: dict[str, str], context: ProbeContext, aspect: str, name: str, step: str) -> None:
    """Record the first size at which an aspect failed."""
    fact = context.facts.get(name)
    if fact is not None and fact.seen and not fact.normal:
        failed.setdefault(aspect, f"{step} {fact.value}")


def framing(context: ProbeContext, place: str) -> None:
    """Upload with chunked encoding, upload an empty file, and interrupt an upload."""
    asker, folder = context.at(place), f"{context.folder}/{place}-framing"
    for aspect, words, body in (
        ("chunked", "an upload in chunks of unannounced size", content(300 * KIB)),
        ("empty", "an upload of an empty file, in chunks as the MLflow client sends it", b""),
    ):
        path = f"{folder}/{aspect}.bin"
        put = asker.ask(aspect, words, "PUT", f"{FILES}/{path}", body=body, chunked=True, normal="200 .*")
        record_stored(context, f"{aspect}.stored.{place}", path, body, put)
        if put.ok:
            got = f"what came back of {words}"
            asker.ask(f"{aspect}.get", got, "GET", f"{FILES}/{path}", normal="200 whole", judge=whole(body))
    bucket = context.bucket
    if asker.why_not() or bucket is None:
        context.facts.unseen(f"cut.{place}", asker.why_not() or context.no_bucket)
        return
    asker.send("PUT", f"{FILES}/{folder}/cut.bin", body=content(200 * KIB), cut_after=40 * KIB)
    key = under(bucket.access, f"{folder}/cut.bin")
    size = context.settled(lambda: bucket.head(key), until=lambda size: size is not None)
    value = "nothing" if size is None else "part of it"
    context.facts.record(f"cut.{place}", value, f"an upload cut half-way {PLACES[place]} leaves {value}", "nothing")


def names(context: ProbeContext, place: str) -> None:
    """Upload files with unusual names, and look for them by their own keys: in the bucket, or by download."""
    asker, bucket = context.at(place), context.bucket
    folder = f"{context.folder}/{place}-names"
    taken: list[str] = []
    for aspect, (quoted, plain) in NAMES.items():
        body = PACKED if aspect == "gz" else f"{aspect} {plain}".encode()
        at, words = f"{FILES}/{folder}/{aspect}/{quoted}", f"named {plain!r}"
        refused = "|400 json.*|403 (html|text) permission" if aspect == "hash" else ""
        put = asker.ask(f"name.{aspect}", f"an upload {words}", "PUT", at, body=body, normal=f"200 .*{refused}")
        if put.ok and aspect == "gz":
            accepted = [ACCEPTED]  # as a client asks for it
            got = f"a download {words}"
            asker.ask("name.gz.get", got, "GET", at, headers=accepted, normal="200 whole", judge=whole(body))
        elif put.ok and bucket is None:
            asker.ask(f"name.{aspect}.get", f"a download {words}", "GET", at, normal="200 whole", judge=whole(body))
        if put.ok and bucket is None:
            _listed(asker, aspect, f"{folder}/{aspect}", plain)
        taken += [aspect] if put.ok else []
    if bucket is not None and taken:
        root = under(bucket.access, f"{folder}/")
        keys = [key.removeprefix(root).partition("/") for key in bucket.keys(root)]
        for aspect in taken:
            plain = NAMES[aspect][1]
            kept = [name for first, _, name in keys if first == aspect]
            value = "kept" if kept == [plain] else _kept_as(kept)
            words = f"an upload named {plain!r} {PLACES[place]} lies in the bucket: {value}"
            context.facts.record(f"name.{aspect}.stored.{place}", value, words, "kept")
    asker.ask("climb", "a listing of a path that climbs", "GET", FILES, query={"path": "../.."}, normal="400 json.*")


def _kept_as(names: Sequence[str]) -> str:
    return f"as {', '.join(names)!r}" if names else "absent"


def _listed(asker: Asker, aspect: str, folder: str, plain: str) -> None:
    """Look in MLflow's listing for a file by the name that it was uploaded under."""
    above, _, last = f"{folder}/{plain}".rpartition("/")
    listing = asker.send("GET", FILES, query={"path": above})
    said = listing.json() if listing.ok else None
    files = said.get("files", []) if isinstance(said, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        return
    found = [str(file.get("path")).rpartition("/")[2] for file in files]
    value = "kept" if last in found else _kept_as(found)
    words = f"an upload named {plain!r} {PLACES[asker.place]} is listed: {value}"
    asker.context.facts.record(f"name.{aspect}.stored.{asker.place}", value, words, "kept", (listing.evidence(),))


def sweep(context: ProbeContext) -> None:
    """Delete everything that the probes created under the run's name, however little time is left."""
    for place in ("O", "P"):
        asker = replace(context.at(place), unbounded=True)
        if not asker.why_not() and asker.send("DELETE", f"{FILES}/{context.folder}").ok:
            return
