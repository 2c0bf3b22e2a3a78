"""A round trip of one small artifact, through the proxy and at MLflow, compared with the bucket."""

from __future__ import annotations

import random
import re
from urllib.parse import parse_qs, urlsplit

from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS
from registry_conformance.judge.diagnosis.answer_judges import fine, sameness, whole
from registry_conformance.judge.diagnosis.asker import PLACES, Asker
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.bucket import planted, record_stored, under
from registry_conformance.judge.diagnosis.probes.kept import same_list
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.json_document import is_web_address
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Door
from registry_conformance.judge.waiting import awaited

TEXT = b"All letters of this text are plain ASCII; http://www.example.com/ is no link to follow.\n" * 20
FILES = f"{ARTIFACTS}/artifacts"
_LATE, _PAUSE = 20.0, 2.0
"""Seconds for which a list that lacks what is stored is asked for again, at the end, and between two times."""
_TURNS = 7
"""How often a list is asked for that lacks what was uploaded: an odd number, since replicas may answer in turn."""


def content(size: int, seed: int = 7) -> bytes:
    """Return incompressible bytes, the same for the same size and seed."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - a pattern, no secret


def round_trip(context: ProbeContext, place: str) -> None:
    """Upload, inspect the bucket, list, download, presign and follow, replace, delete."""
    facts, asker = context.facts, context.at(place)
    folder, body = f"{context.folder}/{place}", content(1500)
    at = f"{FILES}/{folder}/one.bin"
    put = asker.ask("put", "an upload", "PUT", at, body=body, normal="200 (empty|json)")
    record_stored(context, f"stored.{place}", f"{folder}/one.bin", body, put)
    listed = asker.ask(
        "list",
        "a listing",
        "GET",
        FILES,
        query={"path": folder},
        normal="200 json",
        judge=_listed,
    )
    if put.ok and facts.value(f"list.{place}") == "200 json empty":
        _listed_in_turns(context, asker, folder)
        _kept_elsewhere(context, asker, folder)
    asker.ask("get", "a download", "GET", at, normal="200 whole", judge=whole(body))
    _presigned(context, asker, folder, body)
    again = content(900, seed=8)
    asker.ask("put.again", "an upload to the same name", "PUT", at, body=again, normal="200 (empty|json)")
    if put.ok:
        asker.ask("get.again", "a download of what replaced it", "GET", at, normal="200 whole", judge=whole(again))
    deletion = asker.ask("delete", "a deletion of an artifact", "DELETE", at, normal="200 json")
    if put.ok and deletion.status is not None:
        kept = deletion.ok and _still_listed(context, asker, folder, len(again))
        asker.ask(
            "get.deleted",
            "a download of what was deleted",
            "GET",
            at,
            normal="(500|404) json.*",
            judge=lambda met: summarize(met) + " kept" * (kept and met.ok),
        )
    _deleted(context, place, f"{folder}/one.bin", put, deletion)
    text = f"{FILES}/{folder}/text.txt"
    put = asker.ask("text", "an upload of plain text", "PUT", text, body=TEXT, normal="200 (empty|json)")
    record_stored(context, f"text.stored.{place}", f"{folder}/text.txt", TEXT, put)
    if put.ok:
        asker.ask("text.get", "a download of plain text", "GET", text, normal="200 whole", judge=whole(TEXT))
    none = {"path": f"{folder}/none"}
    empty = asker.ask("list.empty", "a listing of nothing", "GET", FILES, query=none, normal="200 json")
    same_list(asker, listed, empty)
    facts.unseen(f"get.again.{place}", "nothing was uploaded")


def later(context: ProbeContext) -> None:
    """Download again what was uploaded first and could be downloaded then: a store may lose it later.

    Where lists lacked it, ask for its list again for a while: they may be behind.
    """
    if context.facts.value("list.P") == "200 json empty" and context.facts.value("text.get.P") == "200 whole":
        _listed_late(context)
    if context.facts.value("text.get.P") != "200 whole":
        context.facts.unseen("get.later.P", "it could not be downloaded at first")
        return
    at = f"{FILES}/{context.folder}/P/text.txt"
    context.at("P").ask("get.later", "the same download, later", "GET", at, normal="200 whole", judge=whole(TEXT))


def _listed_late(context: ProbeContext) -> None:
    """Tell whether the list of a folder shows what lies there by now, or does within a while."""
    asker = context.at("P")
    first = min(item["started"] for item in context.facts["list.P"].evidence if item["kind"] == "exchange")
    folder = {"path": f"{context.folder}/P"}
    with context.budget.besides():
        listing = awaited(
            lambda: asker.send("GET", FILES, query=folder),
            _LATE,
            enough=lambda met: bool(met.at("files")),
            pause=_PAUSE,
        )
    since = listing.started - first
    shown = bool(listing.at("files"))
    told = "is shown" if shown else "is still empty"
    words = f"a list that was empty although files lay there {told} {since:.0f} s later: {listing}"
    context.facts.record("list.late.P", "after a while" if shown else "never", words, evidence=(listing.evidence(),))


def _listed(exchange: Exchange) -> str:
    """Add ``empty``, ``size`` or ``other`` to a listing that does not show the one file with its size."""
    value = fine(lambda said: isinstance(said, dict))(exchange)
    said = exchange.json()
    if value != "200 json" or not isinstance(said, dict):
        return value
    listed = said.get("files") or []
    if not isinstance(listed, list) or not all(isinstance(file, dict) for file in listed):
        return f"{value} other"
    files = {str(file.get("path")): str(file.get("file_size")) for file in listed}
    if not files:
        return f"{value} empty"
    if files == {"one.bin": "1500"}:
        return value
    return f"{value} size" if "one.bin" in files else f"{value} other"


def _listed_in_turns(context: ProbeContext, asker: Asker, folder: str) -> None:
    """Tell that the same list shows a file at one time and not at the next, if it does: each replica has its own."""
    lists = [asker.send("GET", FILES, query={"path": folder}) for _ in range(_TURNS)]
    told = [_listed(each) for each in lists]
    if "200 json" not in told or "200 json empty" not in told[told.index("200 json") :]:
        return
    shown = told.count("200 json")
    words = f"asked {_TURNS} times for one list {PLACES[asker.place]}, it shows a file that was uploaded {shown} times"
    evidence = tuple(each.evidence() for each in lists)
    context.facts.record(f"list.turns.{asker.place}", "by turns", words, "always", evidence)


def _still_listed(context: ProbeContext, asker: Asker, folder: str, size: int) -> bool:
    """Tell that a file stays in the list after it was deleted, if it does: the store keeps it, and no cache does.

    The list is asked for with a parameter that nobody sent before, and shows the file in its last size.
    """
    listing = asker.send("GET", FILES, query={"path": folder, "asked": "again"})
    files = listing.at("files") if listing.ok else None
    if not isinstance(files, list) or not any(
        isinstance(file, dict) and str(file.get("path")) == "one.bin" and str(file.get("file_size")) == str(size)
        for file in files
    ):
        return False
    words = (
        "MLflow answers deletions well, and what is deleted stays: its credentials lack the right to delete "
        "(s3:DeleteObject), or the store keeps objects under a retention rule; a registration needs no deletion, and "
        "what is made for a test stays as well"
    )
    context.facts.record(f"delete.kept.{asker.place}", "listed", words, evidence=(listing.evidence(),))
    return True


def _kept_elsewhere(context: ProbeContext, asker: Asker, folder: str) -> None:
    """Tell that a file lies under the letters of its path, all small or all capital, if it does.

    A path that is changed on the way is changed for the download too; the path in a query is not.
    """
    for changed, letters in ((folder.lower(), "small"), (folder.upper(), "capital")):
        listing = asker.send("GET", FILES, query={"path": changed})
        if changed != folder and re.fullmatch("200 json(?: other)?", _listed(listing)):
            words = f"what was uploaded is listed under its path in {letters} letters {PLACES[asker.place]}: {changed}"
            evidence = (listing.evidence(),)
            context.facts.record(f"list.letters.{asker.place}", letters, words, "as they were sent", evidence)
            return


def _presigned(context: ProbeContext, asker: Asker, folder: str, body: bytes) -> None:
    presigned = asker.ask(
        "presign",
        "a presigned download",
        "GET",
        f"{ARTIFACTS}/presigned/{folder}/one.bin",
        normal="200 json",
        judge=fine(lambda said: said["url"].startswith("http")),
    )
    url = presigned.at("url") if presigned.ok else None
    if not is_web_address(url):
        context.facts.unseen(f"follow.{asker.place}", "no presigned URL was given")
        return
    parts = urlsplit(url)
    followed = follow(context, "GET", url)
    words = f"the presigned URL that was given {PLACES[asker.place]}, at {parts.hostname}: {followed}"
    context.facts.record(f"follow.{asker.place}", whole(body)(followed), words, "200 whole", (followed.evidence(),))
    told = parse_qs(parts.query).get("X-Amz-Expires", ["0"])[0]
    lasts = int(told) if re.fullmatch(r"[0-9]{1,9}", told) else 0
    kind = "short" if lasts <= 3600 else "long"
    if lasts < 30:
        kind = "seconds"
    context.facts.record(f"follow.lasts.{asker.place}", kind, f"the presigned URL is good for {lasts} s", "short")
    bucket = context.target.bucket
    if bucket is not None:
        where = (
            "there"
            if not bucket.prefix
            or f"{bucket.bucket}/{bucket.prefix}/" in parts.path
            or f"/{bucket.prefix}/" == parts.path[: len(bucket.prefix) + 2]
            else "elsewhere"
        )
        words = f"the presigned URL names an object {'under' if where == 'there' else 'outside'} the agreed prefix"
        context.facts.record(f"follow.where.{asker.place}", where, words, "there")


def follow(context: ProbeContext, method: str, url: str, body: bytes | None = None) -> Exchange:
    """Send a request to an absolute URL without a credential, through the network that the client has for others."""
    parts = urlsplit(url)
    door = Door(
        "past the door",
        f"{parts.scheme}://{parts.netloc}",
        patience=2.0 * context.waits.slack,
        guard=context.main.guard,
        network=context.main.network.elsewhere,
    )
    return HttpSender(door, None, Evidence(), context.run, deadline=5.0 * context.waits.slack).send(
        method, parts.path, query=parts.query, body=body
    )


def _deleted(context: ProbeContext, place: str, path: str, put: Exchange, deletion: Exchange) -> None:
    bucket, name = context.bucket, f"deleted.{place}"
    if deletion.status is None:
        context.facts.unseen(name, "the deletion was not answered")
        return
    if bucket is None or not put.ok:
        context.facts.unseen(name, context.no_bucket if bucket is None else "nothing was uploaded")
        return
    size = bucket.head(under(bucket.access, path))
    value = "gone" if size is None else "still there"
    context.facts.record(name, value, f"the object of what was deleted {PLACES[place]} is {value}", "gone")


def multipart(context: ProbeContext, place: str) -> None:
    """Start a multipart upload, send a part, complete it; start another and abort it."""
    asker, facts = context.at(place), context.facts
    folder, body = f"{context.folder}/{place}-parts", content(2000, seed=3)
    created = asker.ask(
        "multipart.create",
        "a multipart upload's beginning",
        "POST",
        f"{ARTIFACTS}/mpu/create/{folder}",
        json={"path": "parts.bin", "num_parts": 1},
        normal="200 json",
        judge=fine(lambda said: said["upload_id"] and said["credentials"][0]["url"].startswith("http")),
    )
    url, upload_id = created.at("credentials", 0, "url"), created.at("upload_id")
    if not created.ok or not is_web_address(url) or not isinstance(upload_id, str):
        facts.unseen(f"multipart.part.{place}", "no multipart upload was begun")
        return
    part = follow(context, "PUT", url, body)
    words = f"a part sent to the store by the URL given {PLACES[place]}: {part}"
    facts.record(f"multipart.part.{place}", summarize(part), words, "200 .*", (part.evidence(),))
    document = {"path": "parts.bin", "upload_id": upload_id}
    if part.ok:
        parts = [{"part_number": 1, "etag": part.header("etag"), "url": url}]
        joined = asker.ask(
            "multipart.complete",
            "the joining of the parts",
            "POST",
            f"{ARTIFACTS}/mpu/complete/{folder}",
            json=document | {"parts": parts},
            normal="200 json",
        )
        record_stored(context, f"multipart.stored.{place}", f"{folder}/parts.bin", body, joined)
    again = asker.send("POST", f"{ARTIFACTS}/mpu/create/{folder}", json={"path": "other.bin", "num_parts": 1})
    if again.ok and isinstance(other := again.at("upload_id"), str):
        asker.ask(
            "multipart.abort",
            "the giving up of a multipart upload",
            "POST",
            f"{ARTIFACTS}/mpu/abort/{folder}",
            json={"path": "other.bin", "upload_id": other},
            normal="200 json",
        )
    asker.send("DELETE", f"{FILES}/{folder}/parts.bin")


def cross(context: ProbeContext) -> None:
    """Upload at MLflow and download through the proxy, and the other way round."""
    through, direct = context.at("P"), context.at("O")
    _seeded(context)
    if direct.why_not():
        context.facts.unseen("cross.up.P", direct.why_not())
        return
    body = content(700, seed=5)
    for aspect, up, down in (("up", through, direct), ("down", direct, through)):
        at = f"{FILES}/{context.folder}/cross/{aspect}.bin"
        if not up.send("PUT", at, body=body).ok:
            context.facts.unseen(f"cross.{aspect}.P", f"nothing was uploaded {PLACES[up.place]}")
            continue
        got = down.send("GET", at)
        if got.error.startswith("skipped"):
            continue
        value = (
            f"{got.status} {sameness(got.response_body.size, got.response_body.sha256, body)}"
            if got.ok
            else summarize(got)
        )
        words = f"what was uploaded {PLACES[up.place]}, downloaded {PLACES[down.place]}: {got}"
        context.facts.record(f"cross.{aspect}.P", value, words, "200 whole", (got.evidence(),))


def _seeded(context: ProbeContext) -> None:
    """Write an object to the bucket directly, and read it through the proxy: reading without an upload."""
    folder, body, bucket = f"{context.folder}/seed", content(800, seed=9), context.bucket
    if bucket is None:
        context.facts.unseen("seed.get.P", context.no_bucket)
        return
    if problem := planted(bucket, f"{folder}/one.bin", body):
        context.facts.record(
            "seed.S", problem, f"an object put into the bucket with its owner's credentials: {problem}", "put"
        )
        return
    asker = context.at("P")
    words = "a download of what was put into the bucket directly"
    asker.ask("seed.get", words, "GET", f"{FILES}/{folder}/one.bin", normal="200 whole", judge=whole(body))
    named = fine(lambda said: [file["path"] for file in said["files"]] == ["one.bin"])
    words = "a listing of what was put into the bucket directly"
    asker.ask("seed.list", words, "GET", FILES, query={"path": folder}, normal="200 json", judge=named)
