"""Which layer the form of an answer shows, if the same request cannot be asked at another place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from registry_conformance.judge.diagnosis.fact_names import Grade, grade_of, meaning
from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.diagnosis.partly_silent import (
    LARGE_ONES,
    PARTLY,
    PARTLY_WITHOUT_DATABASE,
    silent_above_a_packet,
    silent_in_part,
    silent_without_database,
)
from registry_conformance.judge.diagnosis.preflight.server_words import server_words
from registry_conformance.judge.diagnosis.small_uploads import small_failures
from registry_conformance.judge.evidence.items import EvidenceItem

FOREIGN = re.compile(r"(?:all )?(?P<status>30\d|4\d\d|50[1-4]) (?:html|text|xml|empty)\b(?!.*(?:flask|host-check|s3:))")
"""An error that is not in MLflow's form, nor in its web framework's."""
_BY_FORM = tuple(
    (layer, re.compile(f"(?:all )?(?:{form})"))
    for layer, form in (
        ("iam", r".*s3:(?:Forbidden|NoCredentials|Unauthorized|AccessDenied|InvalidAccessKeyId|SignatureDoes)"),
        ("network", r".*s3:(?:unreachable|reset|timeout|tls)"),
        ("store", r".*s3:"),
        ("proxy", FOREIGN.pattern),
        ("proxy", r"(?:41[1347]|431) json|404 json ENDPOINT_NOT_FOUND(?!.*flask)"),
        ("proxy", r"50[24] (?:json|html|text|empty)|500 html nginx|500 json$"),
        ("auth", r"401 json|403 json (?:PERMISSION|UNAUTH)|429 json REQUEST_LIMIT"),
        (
            "mlflow",
            r"500 json [A-Z_]{6}|(?!40[45])[45]\d\d \w+ .*serving-off|(?!40[45])[45]\d\d \w+ (?:.* )?flask",
        ),
        ("mlflow", r"4\d\d json (?:RESOURCE_|INVALID_PARAMETER|BAD_REQUEST|FEATURE_DISABLED)"),
    )
)
"""Layer, and how the value of a fact begins whose answer that layer gives; the first that fits counts.

Of a path or a method that MLflow's framework does not know, nothing says whether it was asked for or made on the way.
MLflow names a code in each document of a failure: one without any is another's.
"""
_BROKEN_OFF = re.compile(r"(?:\w+ )?(?:timeout|reset|protocol)\b|.*\b(?:stalled|cut)$")
_SIZED = ("size.", "ladder.", "chunked.", "meta.long.", "meta.many.")
_WRITTEN = re.compile(r"meta\.(by-name|run|read|params|history|model\.\w+|version\.tag|version|alias)\.P")
_KEY_CHECK = re.compile(
    r"(?:api[- ]?key|token|credential)s? (?:cannot|could not) be (?:checked|verified)", re.IGNORECASE
)
_ABSENT = re.compile(r"404 json RESOURCE_DOES_NOT_EXIST")
ARTIFACTS = re.compile(
    r"put|stored|list|get|model\.|presign|follow|multipart|size|ladder|chunked|empty|text|name|delete|cross|seed|repeat\.put|cut|"
    r"register\.(upload|files|download)|head\.(download|coding|range|size)|route\.(upload|download|listing|presigned|multipart|deletion|ajax-artifacts)"
)
"""The names of facts about artifacts, all of which MLflow asks the store for."""
_DOWNLOADS = frozenset({"get.P", "text.get.P", "model.get.P", "get.again.P"})
_REWRITTEN = re.compile(
    r"200 \w+ \((?:all in lower case|http made https|with (?:other )?line ends|read as text|as base64|in quotes)"
)
_UNSERVED = re.compile(r"(?:all )?(?:5\d\d|timeout|reset|protocol)\b")
"""How the value of a fact begins where nobody did what was asked, for a reason of their own."""
_WORDLESS = re.compile(r"(?:all )?500 (?:text|html flask|json INTERNAL_ERROR)\b(?!.*s3:)")
"""An exception that MLflow did not expect: its handlers give the words of all those that it did."""
_DELETIONS = re.compile(r"delete\.P|route\.deletion|multipart\.abort")
_MODELS = re.compile(
    r"meta\.(model|version|alias|pages|source|gone|delete|search\.(models|versions))|"
    r"register\.(model|taken|version|alias|uri)|route\.(rest-patch|rest-delete)"
)
_IN_ONE_PIECE = frozenset({"64k", "1m", "5m"})
"""Sizes that the probes upload and boto3 sends to the store in one request: it cuts what is above 8 MiB."""


def by_forms(facts: Facts, wrong: Sequence[Fact], order: Iterable[str]) -> tuple[str, str] | None:
    """Return a layer and the words that tell why, by the forms of what is ``wrong``; ``None`` if they show none.

    ``order`` are the names of steps: what fails first counts, then what fails most.
    """
    through = [fact for fact in wrong if fact.name.endswith(".P")]
    for layer, words, holds in _TOGETHER:
        if holds(facts, through):
            return layer, words
    steps = [fact for name in order for fact in through if fact.name == name]
    if steps and _BROKEN_OFF.match(steps[0].value):
        return "", _SILENT.format(step=meaning(steps[0].name))
    first = next((fact for fact in steps if _layer(fact)), None)
    if first is not None:
        return _layer(first), f"by the form of the answer to the first step that fails: {_short(first)}"
    counted = Counter(layer for fact in through if (layer := _layer(fact)))
    if not counted:
        return None
    layer, _ = counted.most_common(1)[0]
    example = next(fact for fact in through if _layer(fact) == layer)
    return layer, f"by the form of most answers that are wrong: {_short(example)}"


def _break_off_by_size(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether larger requests or answers break off, each of them, and small ones pass."""
    sized = [fact for fact in through if fact.name.startswith(_SIZED)]
    return (
        bool(sized) and facts.value("put.P").startswith("200") and all(_BROKEN_OFF.match(each.value) for each in sized)
    )


def _downloads_break_off(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether that is so for downloads alone, and uploads of the same sizes pass."""
    names = [fact.name for fact in through if fact.name.startswith(_SIZED)]
    if not all(name.endswith(".get.P") for name in names) or not _break_off_by_size(facts, through):
        return False
    up = [facts.get(name.replace("ladder.get.P", "ladder.put.P").replace(".get.P", ".P")) for name in names]
    return all(fact is not None and fact.normal for fact in up)


def _in_chunks_alone(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether bodies in chunks break off, and a body of announced size passes that is as large."""
    sized = facts.get(_AS_LARGE_AS_THE_CHUNKED)
    passes = sized is not None and sized.seen and sized.normal
    return passes and any(_BROKEN_OFF.match(fact.value) for fact in through if fact.name == "chunked.P")


def _forgotten(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether MLflow does not know what it just made, more than once."""
    lost = [fact for fact in through if _WRITTEN.match(fact.name) and _ABSENT.match(fact.value)]
    return len(lost) > 1 and not facts.value("meta.create.P").startswith("4")


def ended_by_a_large_one(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether a large upload was lost, smaller ones before it were not, and small requests after it were."""
    large = facts.get("ladder.put.P")
    if large is None or large.normal or not re.match(r"\w+ (?:50[23]|reset)\b", large.value):
        return False
    if not facts.value("put.P").startswith("200"):
        return False
    return any(
        re.match(r"50[23] json|reset", fact.value) for fact in through if fact.name.startswith(("empty", "head."))
    )


def _rewritten(_: Facts, through: Sequence[Fact]) -> bool:
    """Return whether a download came back changed as only a program changes it that reads what it passes on."""
    return any(_REWRITTEN.search(fact.value) for fact in through if fact.name in _DOWNLOADS)


def _come_back_short(facts: Facts, _: Sequence[Fact]) -> bool:
    """Return whether downloads of larger files are answered whole with fewer bytes than were sent."""
    return re.match(r"\w+ 200 short$", facts.value("ladder.get.P")) is not None


def _nothing_kept(facts: Facts, _: Sequence[Fact]) -> bool:
    """Return whether uploads are answered as successes, and are neither listed nor found afterwards."""
    missing = re.match(r"(?:404|500) json .*(?:NotFound|NoSuchKey|RESOURCE_DOES_NOT)", facts.value("get.P"))
    passed = facts.value("put.P").startswith("200") and facts.value("list.P") == "200 json empty"
    return passed and missing is not None


def _fails_on_artifacts(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether MLflow fails without a word, on artifacts alone: what it keeps itself is in order."""
    failed = [fact for fact in through if _WORDLESS.match(fact.value)]
    first = facts.get("meta.create.P")
    in_order = first is not None and first.seen and first.normal
    return bool(failed) and in_order and all(ARTIFACTS.match(fact.name) for fact in failed)


def _unknown_to_the_store(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether who is let in with metadata is called unauthenticated on artifacts alone, by MLflow itself."""
    first = facts.get("meta.create.P")
    in_order = first is not None and first.seen and first.normal
    refused = [fact for fact in through if re.match(r"(?:all )?401 json UNAUTHENTICATED", fact.value)]
    return in_order and bool(refused) and all(ARTIFACTS.match(fact.name) for fact in refused)


def _fails_on_deletions(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether it fails so on whatever is deleted or given up in the store, and on nothing else."""
    failed = [fact for fact in through if _WORDLESS.match(fact.value)]
    return _fails_on_artifacts(facts, through) and all(_DELETIONS.match(fact.name) for fact in failed)


def _fails_on_lists(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether it fails so on lists of files, and takes uploads."""
    takes = facts.value("put.P").startswith("200")
    return takes and _fails_on_artifacts(facts, through) and _WORDLESS.match(facts.value("list.P")) is not None


def _fails_on_models(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether MLflow fails without a word on registered models alone: experiments and runs are in order."""
    failed = [fact for fact in through if _WORDLESS.match(fact.value)]
    runs = facts.get("meta.run.P")
    in_order = runs is not None and runs.seen and runs.normal
    return bool(failed) and in_order and all(_MODELS.match(fact.name) for fact in failed)


def _registry_alone(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether all requests about registered models fail or get no answer, several of them, and no others do."""
    served = [fact for fact in facts.values() if fact.seen and fact.normal and fact.name.endswith(".P")]
    if any(_MODELS.match(fact.name) for fact in served) or not any(fact.name == "meta.run.P" for fact in served):
        return False
    steps = [fact for fact in through if grade_of(fact.name) is Grade.STEP]
    several = sum(not fact.name.startswith("register.") for fact in steps) > 1
    return several and all(_MODELS.match(fact.name) and _UNSERVED.match(fact.value) for fact in steps)


def _stored_empty(facts: Facts, _: Sequence[Fact]) -> bool:
    """Return whether uploads are taken, and listed and given back with no bytes."""
    return facts.value("list.P") == "200 json size" and _comes_empty(facts)


def _back_empty(facts: Facts, _: Sequence[Fact]) -> bool:
    """Return whether uploads are listed with their size, and given back with no bytes."""
    return facts.value("list.P") == "200 json" and _comes_empty(facts)


def _comes_empty(facts: Facts) -> bool:
    """Return whether each small download that was answered came with no bytes."""
    came = [fact.value for name in _DOWNLOADS if (fact := facts.get(name)) is not None and fact.seen]
    return len(came) > 1 and set(came) == {"200 empty"}


def _fails_on_middling_uploads(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether it fails so on uploads too small to be sent on in parts, and smaller ones pass."""
    return _fails_from(facts, through) in _IN_ONE_PIECE or bool(_fails_from(facts, through) and _fails_between(facts))


def _fails_on_uploads_in_parts(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether it fails so on uploads that are sent on in parts, and on no smaller ones."""
    return _fails_from(facts, through) not in {"", *_IN_ONE_PIECE}


def _fails_between(facts: Facts) -> bool:
    """Return whether it fails so on a size between the last that passed and the first that failed."""
    return _WORDLESS.match(facts.value("ladder.between.P").partition(" ")[2]) is not None


def _ends_at_a_limit(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether uploads fail without a word, and each after the same time, which is long: a limit ended them."""
    if not _fails_on_artifacts(facts, through) or not _WORDLESS.match(facts.value("put.P")):
        return False
    puts = [item for fact in through if fact.name in _UPLOADS for item in fact.evidence if item["kind"] == "exchange"]
    seconds = [item["seconds"] for item in puts if item["method"] == "PUT" and (item["status"] or 0) >= 500]
    return len(seconds) > 1 and min(seconds) >= _LONG and max(seconds) <= min(seconds) * _SAME


def _fails_from(facts: Facts, through: Sequence[Fact]) -> str:
    """Return the size from which on uploads fail so, if the smallest passes; else empty."""
    large = facts.get("ladder.put.P")
    if not _fails_on_artifacts(facts, through) or large is None or not facts.value("put.P").startswith("200"):
        return ""
    if small_failures(facts, 500):
        return ""
    size, _, answer = large.value.partition(" ")
    return size if _WORDLESS.match(answer) else ""


def _fails_after_some(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether small uploads passed at first, and all later ones of any size fail so."""
    later = [facts.value(name) for name in _LATER_UPLOADS]
    if not _BY_THEN.fullmatch(facts.value("repeat.put.P")) or any(each.startswith("200") for each in later):
        return False
    passed = facts.value("put.P").startswith("200") or facts.value("repeat.put.P").startswith("200")
    return passed and _fails_on_artifacts(facts, through)


def _fails_on_writes(facts: Facts, through: Sequence[Fact]) -> bool:
    """Return whether it fails so on every upload, while what is asked of the store without writing there passes."""
    if not _fails_on_artifacts(facts, through) or not _WORDLESS.match(facts.value("put.P")):
        return False
    return facts.value("list.P").startswith("200") or facts.value("route.listing.P").startswith(("200", "all 200"))


_AS_LARGE_AS_THE_CHUNKED = "size.1m.P"
_UPLOADS = frozenset({"put.P", "put.again.P", "text.P", "model.put.P", "empty.P", "chunked.P", "size.64k.P"})
_LATER_UPLOADS = ("size.64k.P", "model.put.P", "empty.P", "name.dot.P")
"""The facts about small uploads that come after the first ones."""
_BY_THEN = re.compile(r"all 500|(?:200 )+500(?: 500)+")
"""How one upload that was sent again and again was answered where none passed after the first failure."""
_LONG, _SAME = 2.0, 1.1
"""Seconds from which a failure came late, and how much longer the last may take than the first."""
_SHORT = (
    "large files come back shorter than they were sent, though their uploads were answered with 200: they are cut on "
    "the way, or where they are kept; their sizes in the store tell which"
)
_NOTHING_KEPT = (
    "uploads are answered with 200, and nothing of them is listed or found afterwards: something before MLflow answers "
    "them itself, or what keeps artifacts loses them; MLflow's log tells whether it had them"
)
_CHUNKS = (
    "bodies in chunks (Transfer-Encoding: chunked) get no answer, and larger ones of announced size (Content-Length) "
    "pass: what stands before MLflow does not pass chunks on; the MLflow client sends each empty file so"
)
_LIMIT = (
    "uploads fail without a word, and each after the same time: a limit of time ends them, in what stands before "
    "MLflow (httpx waits 5 s unless told otherwise) or in MLflow; what takes so long is the store, most likely"
)
_ROOM = (
    "small uploads pass, and larger ones end in a failure of MLflow's own, though it still sends them on whole: is "
    "there room for them, in its temporary folder, where it keeps an upload first, and where artifacts lie (a full "
    "disk, a quota of the bucket)? Its log tells which"
)
_FULL = (
    "the first uploads are taken, and later ones of any size end in a failure of MLflow's own: what keeps artifacts "
    "takes no more files (no room, no inodes, a quota by number): look at `df` and `df -i` where they lie, or at the "
    "quota of the bucket; MLflow's log tells which"
)
_OWN_KEY = (
    "metadata is in order, and MLflow says UNAUTHENTICATED of artifacts alone: the store does not know MLflow's own "
    "access key, or its secret is another; it was changed or removed there, or is of another store; or what stands "
    "before the store changes the Host header, which is signed"
)
_PARTS = (
    "uploads pass up to the size from which MLflow sends them to the store in parts, and larger ones end in a failure "
    "of its own: may it begin, send and complete an upload in parts there? Its log tells which"
)
_WRITES = (
    "MLflow reads from the store, and whatever it writes there ends in a failure of its own: is there room, may it "
    "write at these names, does the store know the encryption and checksums that it asks for? Its log tells which"
)
_DELETES = (
    "MLflow reads and writes in the store, and whatever it deletes or gives up there ends in a failure of its own: may "
    "it delete objects (s3:DeleteObject) and give up uploads (s3:AbortMultipartUpload)? Its log tells which"
)
_LISTS = (
    "MLflow writes to the store, and each list of what lies there ends in a failure of its own: may it list the bucket "
    "(s3:ListBucket, a right on the bucket and not on what lies in it; MLflow may list before it reads or deletes)? "
    "Its log tells which"
)
_REGISTRY = (
    "experiments and runs are in order, and MLflow fails without a word on registered models: are their tables there, "
    "and if they lie in a database of their own (--registry-store-uri), does it work?"
)
_SILENT = (
    "the first step that fails gets no answer at all ({step}), and what fails after it may be its consequence: a limit "
    "of size or time, or a filter, at what stands before MLflow; or MLflow ends under it. The proxy's log and MLflow's "
    "tell which closed the connection"
)
_DOWNLOADS_END = (
    "uploads of any size pass, and the same files break off as they are downloaded, small ones excepted: what stands "
    "before MLflow cannot keep the answer until the client takes it, most likely (room and rights of its temporary "
    "files, as nginx's proxy_temp_path), or it ends it by a limit of time or bytes; its error log tells"
)
_REGISTRY_ALONE = (
    "experiments, runs and files are in order, and every request about registered models fails or gets no answer: the "
    "registry has a database of its own, most likely (--registry-store-uri of MLflow): does it run, and does MLflow "
    "reach it? Else look where what stands before MLflow sends these paths"
)
_STORED_EMPTY = (
    "every upload is answered with 200 and stored empty (listed and given back with 0 bytes), while the bodies of "
    "other requests arrive: the body is lost on the way to MLflow, or inside it, where something reads bodies before "
    "MLflow does (an --app-name plugin, a middleware); one upload straight to MLflow tells which"
)
_BACK_EMPTY = (
    "uploads are listed with their sizes, and every download of them is answered with 200 and no bytes: the body is "
    "lost on the way back, before MLflow or between it and the store; one download straight from MLflow tells which"
)
_STORE = (
    "metadata is in order, and MLflow fails without a word where it asks the store: does it reach it, trust its "
    "certificate, name the bucket as the store wants it, have the library for it, and may it do that there? Its log "
    "tells which"
)
_TOGETHER: tuple[tuple[str, str, Callable[[Facts, Sequence[Fact]], bool]], ...] = (
    ("proxy", "files come back rewritten: something on the way takes them for pages or text, and changes them",
     _rewritten),
    ("", _SHORT, _come_back_short),
    ("", _NOTHING_KEPT, _nothing_kept),
    ("mlflow", PARTLY_WITHOUT_DATABASE, silent_without_database),
    ("network", LARGE_ONES, silent_above_a_packet),
    ("", PARTLY, silent_in_part),
    ("proxy", _CHUNKS, _in_chunks_alone),
    ("proxy", _DOWNLOADS_END, _downloads_break_off),
    ("network", "small requests and answers pass, and larger ones break off without an answer", _break_off_by_size),
    ("mlflow", "small requests after a large upload find nobody for a while: MLflow ended under it, and began anew",
     ended_by_a_large_one),
    ("mlflow", "MLflow does not know what it just made: several servers with a database each, or a copy that lags",
     _forgotten),
    ("", _FULL, _fails_after_some),
    ("", _ROOM, _fails_on_middling_uploads),
    ("iam", _OWN_KEY, _unknown_to_the_store),
    ("", _LIMIT, _ends_at_a_limit),
    ("store", _PARTS, _fails_on_uploads_in_parts),
    ("store", _WRITES, _fails_on_writes),
    ("store", _DELETES, _fails_on_deletions),
    ("store", _LISTS, _fails_on_lists),
    ("store", _STORE, _fails_on_artifacts),
    ("mlflow", _REGISTRY, _fails_on_models),
    ("mlflow", _REGISTRY_ALONE, _registry_alone),
    ("", _STORED_EMPTY, _stored_empty),
    ("", _BACK_EMPTY, _back_empty),
)  # fmt: skip
"""Layer, the words that tell why, and what must hold of several answers together."""


def _layer(fact: Fact) -> str:
    found = next((layer for layer, form in _BY_FORM if form.match(fact.value)), "")
    if found or not re.match(r"(?:all )?503 json", fact.value):
        return found
    for text in map(_text, fact.evidence):
        if _KEY_CHECK.search(text):
            return "auth"
        if known := server_words(text):
            return known.layer
    return ""


def _text(item: EvidenceItem) -> str:
    return str(item["response_body"].get("text", "")) if item["kind"] == "exchange" else ""


def _short(fact: Fact) -> str:
    return fact.value.removeprefix("all ")[:60]
