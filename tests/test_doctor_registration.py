"""The doctor registers as a client of MLflow does: what stops one stops it, and what a client bridges does not."""

from __future__ import annotations

import gzip
import itertools
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.doctor import lines
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.named import Diagnosis
from registry_conformance.judge.diagnosis.outcome import Health, health
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes import artifacts, bodies
from registry_conformance.judge.diagnosis.probes.answers import headers
from registry_conformance.judge.diagnosis.probes.artifacts import round_trip
from registry_conformance.judge.diagnosis.probes.logged_models import logged_model
from registry_conformance.judge.diagnosis.probes.registration import registration
from registry_conformance.judge.diagnosis.probes.registry import artifact_root, registry
from registry_conformance.judge.diagnosis.probes.repeats import repeats
from registry_conformance.judge.diagnosis.repetition import BRIDGED, LATE, MET, MOST, Repetition
from registry_conformance.judge.diagnosis.steps import registers
from registry_conformance.judge.diagnosis.undeclared import tolerated
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.machine import new_run_id
from registry_conformance.lab.stack.handle import OwnedStack
from tests.doubles.breaking_proxy import Answer, Asked, Break, PassOn, breaking_proxy, page, with_header


def _seen(
    stack: OwnedStack,
    breaks: Break,
    *probes: Callable[[ProbeContext, str], None],
    shows_bucket: bool = True,
    version: str = "",
) -> Facts:
    """Return what the probes see through a proxy that breaks something, a registration if none is named.

    ``version`` is what the server is known to say that it is.
    """
    target = stack.target() if shows_bucket else replace(stack.target(), bucket=None)
    with breaking_proxy(target.doors[0].url, breaks) as url:
        door = replace(target.doors[0], url=url)
        facts = Facts()
        if version:
            facts.record("first.version.P", version, f"the server says that it is MLflow {version}")
        context = ProbeContext(replace(target, doors=(door,)), new_run_id(), facts, Budget(), door)
        for probe in probes or (registration,):
            probe(context, "P")
        context.repetition.ask_later(facts)
        context.repetition.tell(facts)
    return facts


def _headers(context: ProbeContext, _: str) -> None:
    headers(context)


def _stopped(facts: Facts) -> list[str]:
    return [fact.name for fact in facts.anomalies]


def _refuses(method: str, path: str, status: int = 403) -> Break:
    """Return a break that answers some requests itself."""

    def breaks(asked: Asked, pass_on: PassOn) -> Answer:
        return page(status) if asked.method == method and re.search(path, asked.path) else pass_on()

    return breaks


def _each(number: int, other: Answer) -> Break:
    """Return a break that answers each so many-th request itself."""
    turns = itertools.count(1)

    def breaks(_: Asked, pass_on: PassOn) -> Answer:
        return other if next(turns) % number == 0 else pass_on()

    return breaks


def test_a_registration_that_nothing_stops_is_seen_whole(stack: OwnedStack) -> None:
    """Each step works through a proxy that packs answers and says so, and where documents are called text or pages."""

    def packs(_: Asked, pass_on: PassOn) -> Answer:
        answer = pass_on()
        return with_header(replace(answer, body=gzip.compress(answer.body)), "content-encoding", "gzip")

    def calls_text(_: Asked, pass_on: PassOn) -> Answer:
        return with_header(pass_on(), "content-type", "text/plain")

    def calls_pages(_: Asked, pass_on: PassOn) -> Answer:
        return with_header(pass_on(), "content-type", "text/html")

    for breaks in (packs, calls_text, calls_pages):
        facts = _seen(stack, breaks)
        assert (_stopped(facts), registers(facts)) == ([], True)
        assert not facts.value(f"{BRIDGED}.P")


@pytest.mark.parametrize(
    ("breaks", "step"),
    [
        (_refuses("PUT", r"/MLmodel$"), "upload"),
        (_refuses("GET", r"\.yaml$"), "download"),
        (_refuses("PATCH", r"/logged-models/[^/]+$", 405), "ready"),
        (_refuses("POST", r"/runs/outputs$", 404), "outputs"),
    ],
)
def test_the_step_that_stops_a_client_is_told(breaks: Break, step: str, stack: OwnedStack) -> None:
    """A model's own file names, paths and methods are asked for, and the first that fails is the last."""
    facts = _seen(stack, breaks)
    assert _stopped(facts) == [f"register.{step}.P"]
    assert not registers(facts)


@pytest.mark.parametrize(
    ("path", "step"), [("no such", ""), (r"/model/MLmodel$", "upload"), (r"/runs/log-model$", "recorded")]
)
def test_an_older_server_is_registered_at_as_its_own_clients_do(path: str, step: str, stack: OwnedStack) -> None:
    """A server of MLflow 2 has no logged models, and needs none: a model's files lie below its run."""

    def as_mlflow_2(asked: Asked, pass_on: PassOn) -> Answer:
        if "logged-models" in asked.path:
            return page(404)
        return page(403) if re.search(path, asked.path) else pass_on()

    facts = _seen(stack, as_mlflow_2, logged_model, registration, version="2.22.5")
    assert _stopped(facts) == ([f"register.{step}.P"] if step else [])
    assert registers(facts) is (not step)
    assert facts.value("register.version.P") == ("" if step else "works")


def test_a_server_without_aliases_is_not_registered_at(stack: OwnedStack) -> None:
    """Where clients register in another way than the doctor knows, nothing is said to be wrong, and it is told."""
    facts = _seen(stack, _refuses("GET", "no such"), version="2.1.0")
    assert "has no aliases" in facts["register.lookup.P"].sentence
    assert not _stopped(facts)


def _goes_by_type(asked: Asked, pass_on: PassOn) -> Answer:
    kind = asked.headers.get("content-type", "application/json")
    return pass_on() if asked.method != "PUT" or kind == "application/json" else page(403)


def _goes_by_content(asked: Asked, pass_on: PassOn) -> Answer:
    return page(403) if asked.body.startswith(b"\x80\x05") else pass_on()


@pytest.mark.parametrize(
    ("breaks", "value", "told"),
    [
        (_goes_by_type, "type", "for its Content-Type, text/plain"),
        (_goes_by_content, "content", "for what is in it"),
        (_refuses("PUT", r"\.pkl$"), "name", "of a model's files some are taken"),
        (_refuses("PUT", r"."), "", ""),
    ],
)
def test_what_a_file_is_refused_for_is_asked(breaks: Break, value: str, told: str, stack: OwnedStack) -> None:
    """A refused file is sent again as another type, with other bytes, and under another name: what passes tells."""
    facts = _seen(stack, breaks)
    assert facts.value("register.refused-by.P") == value
    assert told in conclude(facts, (), (), known={}).causes[0].sentence


def _replaces(*statuses: int) -> Break:
    """Return a break that puts a page in the place of MLflow's errors."""

    def breaks(_: Asked, pass_on: PassOn) -> Answer:
        answer = pass_on()
        return page(answer.status) if answer.status in statuses else answer

    return breaks


def _labels(asked: Asked, pass_on: PassOn) -> Answer:
    wanted = "gzip" in asked.headers.get("accept-encoding", "")
    return with_header(pass_on(), "content-encoding", "gzip") if wanted else pass_on()


def _packs_unsaid(_: Asked, pass_on: PassOn) -> Answer:
    answer = pass_on()
    return replace(answer, body=gzip.compress(answer.body))


def _fails_instead(_: Asked, pass_on: PassOn) -> Answer:
    """Put a failure in words of its own in the place of each error of MLflow's."""
    answer = pass_on()
    words = Answer(500, b'{"message": "Internal server error"}', {"content-type": "application/json"})
    return words if answer.status >= 400 else answer


def _remembers_404(asked: Asked, pass_on: PassOn) -> Answer:
    """Answer a lookup by name as if nothing had been made since."""
    if not asked.path.partition("?")[0].endswith("/experiments/get-by-name"):
        return pass_on()
    missing = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No Experiment with that name exists"}
    return Answer(404, json.dumps(missing).encode(), {"content-type": "application/json"})


def _lists_nothing(asked: Asked, pass_on: PassOn) -> Answer:
    """Answer for an MLflow in whose own store a model's files are not."""
    own = asked.path.endswith("/artifacts/directories")
    return (
        Answer(200, b'{"root_uri": "mlflow-artifacts:/1"}', {"content-type": "application/json"}) if own else pass_on()
    )


def _loses_status(_: Asked, pass_on: PassOn) -> Answer:
    """Answer with whatever document comes, as a success."""
    return replace(pass_on(), status=200)


def _reads_json(asked: Asked, pass_on: PassOn) -> Answer:
    """Fail, as an application that reads each body as JSON does, on what is none."""
    return pass_on() if asked.method != "PUT" or asked.path.endswith(".json") else page(500)


@pytest.mark.parametrize(
    ("breaks", "step", "named"),
    [
        (_loses_status, "lookup", "errors-told-as-successes"),
        (_reads_json, "upload", "bodies-read-as-json"),
        (_refuses("PUT", r"\.(?:txt|json|yaml)$", 405), "upload", "files-refused-by-name"),
        (_replaces(400, 404), "lookup", "errors-replaced"),
        (_replaces(400), "taken", "errors-replaced"),
        (_labels, "lookup", "packed-and-not-said"),
        (_packs_unsaid, "lookup", "packed-and-not-said"),
        (_fails_instead, "lookup", "errors-replaced"),
        (_remembers_404, "named", "missing-remembered"),
        (_lists_nothing, "known", "artifacts-at-another-mlflow"),
    ],
)
def test_what_a_client_cannot_read_is_named(breaks: Break, step: str, named: str, stack: OwnedStack) -> None:
    """An error without MLflow's code, or a body that is not packed as it says, stops a client at a right status."""
    facts = _seen(stack, breaks)
    first = conclude(facts).causes[0]
    assert _stopped(facts) == [f"register.{step}.P"]
    assert (first.id, first.layer) == (named, "proxy")


def test_a_name_that_is_changed_on_the_way_shows_in_the_listing(stack: OwnedStack) -> None:
    """Where nobody looks into the bucket, MLflow's own listing tells under which name a file was kept."""

    def with_plus(_: Asked, pass_on: PassOn) -> Answer:
        answer = pass_on()
        return replace(answer, body=answer.body.replace(b'a b.txt"', b'a+b.txt"'))

    facts = _seen(stack, with_plus, bodies.names, shows_bucket=False)
    kept = {name: facts.value(f"name.{name}.stored.P") for name in ("space", "plus", "unicode", "slash", "dot")}
    assert kept == {**dict.fromkeys(kept, "kept"), "space": "as 'a+b.txt'"}
    assert _stopped(facts) == ["name.space.stored.P"]


@pytest.mark.parametrize(
    ("breaks", "value", "named"),
    [
        (lambda answer: with_header(answer, "content-encoding", "gzip"), "200 called gzip", "packed-files-called"),
        (lambda answer: replace(answer, body=gzip.decompress(answer.body)), "200 long (unpacked)", "packed-files-unp"),
        (
            lambda answer: with_header(replace(answer, body=gzip.compress(answer.body)), "content-encoding", "gzip"),
            "200 whole",
            "",
        ),
    ],
    ids=["called so", "unpacked on the way", "packed once more, and said so"],
)
def test_packed_files_that_a_client_gets_unpacked_are_told(
    breaks: Callable[[Answer], Answer], value: str, named: str, stack: OwnedStack
) -> None:
    """Kind: a part that goes by *.gz. A client unpacks what is called gzip, and keeps other bytes than were sent."""

    def goes_by_name(asked: Asked, pass_on: PassOn) -> Answer:
        return breaks(pass_on()) if asked.method == "GET" and asked.path.endswith(".gz") else pass_on()

    facts = _seen(stack, goes_by_name, bodies.names, shows_bucket=False)
    assert facts.value("name.gz.get.P") == value
    causes = conclude(facts).causes
    assert [(each.id[:16], each.layer) for each in causes] == ([(named[:16], "proxy")] if named else [])


def test_documents_that_are_packed_unasked_are_read(stack: OwnedStack) -> None:
    """Who says nothing of packing leaves it to the server: a gateway that packs every document by gzip is no fault."""

    def packs(_: Asked, pass_on: PassOn) -> Answer:
        answer = pass_on()
        if "json" not in answer.headers.get("content-type", ""):
            return answer
        return with_header(replace(answer, body=gzip.compress(answer.body)), "content-encoding", "gzip")

    assert _stopped(_seen(stack, packs, registry, round_trip, registration, shows_bucket=False)) == []


def test_replicas_that_list_their_own_files_alone_are_told(stack: OwnedStack) -> None:
    """A file that every second list lacks is not lost by the store: each replica has a folder of its own."""
    turns = itertools.count()

    def each_lists_its_own(asked: Asked, pass_on: PassOn) -> Answer:
        a_list = asked.method == "GET" and asked.path.partition("?")[0].endswith("/mlflow-artifacts/artifacts")
        empty = Answer(200, b'{"files": []}', {"content-type": "application/json"})
        return empty if a_list and next(turns) % 2 == 0 else pass_on()

    facts = _seen(stack, each_lists_its_own, round_trip, shows_bucket=False)
    first = conclude(facts).causes[0]
    assert facts.value("list.P") == "200 json empty"
    assert facts.value("list.turns.P") == "by turns"
    assert (first.id, first.layer) == ("files-listed-by-turns", "mlflow")


@pytest.mark.parametrize(
    ("key", "probes", "named"),
    [
        (lambda asked: asked.path.partition("?")[0], [_headers], "answers-kept-by-path-alone"),
        (lambda asked: asked.path.partition("?")[0], [round_trip], "answers-kept-by-path-alone"),
        (lambda asked: asked.path, [round_trip, _headers], "answers-kept"),
    ],
    ids=["the path alone", "the path alone, of lists", "path and query"],
)
def test_a_cache_before_mlflow_is_told_by_its_key(
    key: Callable[[Asked], str], probes: list[Callable[[ProbeContext, str], None]], named: str, stack: OwnedStack
) -> None:
    """Kind: a cache of API answers. Without the query in its key, one query gets the answer to another."""
    kept: dict[str, Answer] = {}

    def keeps(asked: Asked, pass_on: PassOn) -> Answer:
        if asked.method != "GET":
            return pass_on()
        answer = kept.get(key(asked)) or pass_on()
        if answer.status in (200, 404):
            kept[key(asked)] = answer
        return answer

    first = conclude(_seen(stack, keeps, *probes, shows_bucket=False), (), (), known={}).causes[0]
    assert (first.id, first.layer) == (named, "proxy")


def _seen_as_others_are(seen: Facts) -> Facts:
    """Return the same facts as those of a deployment that declared nothing."""
    facts = Facts(tolerated)
    for fact in seen.values():
        if fact.seen:
            facts.record(fact.name, fact.value, fact.sentence, "" if fact.normal else "none", fact.evidence)
    return facts


@pytest.mark.parametrize(("seconds", "named"), [(2.0, "store-lists-late"), (1e9, "stored-files-not-listed")])
def test_a_list_that_lacks_what_is_stored_is_asked_for_again(
    seconds: float, named: str, stack: OwnedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that shows a file some time later is behind; one that never does is another matter."""
    monkeypatch.setattr(artifacts, "_LATE", 3.0)
    began: list[float] = []

    def lags(asked: Asked, pass_on: PassOn) -> Answer:
        if asked.method != "GET" or "/artifacts?path=" not in asked.path:
            return pass_on()
        began.append(time.monotonic())
        empty = Answer(200, b'{"files": []}', {"content-type": "application/json"})
        return empty if time.monotonic() - began[0] < seconds else pass_on()

    facts = _seen(stack, lags, round_trip, lambda context, _: artifacts.later(context), shows_bucket=False)
    first = conclude(facts, (), (), known={}).causes[0]
    assert (first.id, first.layer) == (named, "store")


def test_a_store_that_keeps_what_is_deleted_serves_registrations(stack: OwnedStack) -> None:
    """Where deletions are answered well and do nothing, that is noted, and a registration works all the same."""

    def keeps(asked: Asked, pass_on: PassOn) -> Answer:
        of_a_file = asked.method == "DELETE" and "/mlflow-artifacts/" in asked.path
        return Answer(200, b"{}", {"content-type": "application/json"}) if of_a_file else pass_on()

    facts = _seen_as_others_are(_seen(stack, keeps, round_trip, registration, shows_bucket=False))
    found = conclude(facts)
    assert facts.value("get.deleted.P").endswith(" kept")
    assert health(found) is Health.HEALTHY
    said = list(lines(stack.target(), found))
    assert any(line.startswith("Note: MLflow answers deletions well") for line in said)


@pytest.mark.parametrize(("kept_as", "letters"), [(str.lower, "small"), (str.upper, "capital")])
def test_letters_that_are_changed_on_the_way_are_told(
    kept_as: Callable[[str], str], letters: str, stack: OwnedStack
) -> None:
    """A file that is listed under the letters of its path, all small or all capital, is not lost by the store."""

    def changes(asked: Asked, pass_on: PassOn) -> Answer:
        folder = parse_qs(urlsplit(asked.path).query).get("path", [""])[0]
        if asked.method != "GET" or not folder.lower().endswith("/p"):
            return pass_on()
        files = [{"path": kept_as("one.bin"), "is_dir": False, "file_size": 1500}]
        listed = {"files": files} if folder == kept_as(folder) else {}
        return Answer(200, json.dumps(listed).encode(), {"content-type": "application/json"})

    facts = _seen(stack, changes, round_trip, shows_bucket=False)
    first = conclude(facts).causes[0]
    assert facts.value("list.letters.P") == letters
    assert (first.id, first.layer) == ("letters-of-paths-changed", "proxy")


def test_what_is_made_twice_has_lost_no_error(stack: OwnedStack) -> None:
    """A model that is made although it is there is told as that: nothing stood before an error of MLflow's."""

    def makes(asked: Asked, pass_on: PassOn) -> Answer:
        answer = pass_on()
        again = asked.path.endswith("/registered-models/create") and answer.status == 400
        return replace(answer, status=200, body=b'{"registered_model": {"name": "x"}}') if again else answer

    facts = _seen(stack, makes)
    assert facts.value("register.taken.P") == "200 json done"
    assert "errors-replaced" not in {cause.id for cause in conclude(facts).causes}


@pytest.mark.parametrize(
    ("each", "named", "layer"), [(3, "one-of-several-is-down", "proxy"), (12, "busy-now-and-then", "")]
)
def test_what_fails_for_a_moment_stops_nobody(each: int, named: str, layer: str, stack: OwnedStack) -> None:
    """Where each so many-th request fails as the client repeats it, a model can be registered: told in numbers."""
    facts = _seen(stack, _each(each, page(502)), registration, repeats)
    found = conclude(facts)
    assert registers(facts)
    assert re.match(r"intermittent: \d+ of \d+ requests failed \(502\)", facts[f"{BRIDGED}.P"].sentence)
    assert (found.causes[0].id, found.causes[0].layer) == (named, layer)
    assert health(found) is Health.INTERMITTENT
    assert health(found).exit_code == 0


@pytest.mark.parametrize(("size", "sent"), [(1000, MOST), (11_000_000, 1)])
def test_a_large_upload_is_repeated_once(size: int, sent: int) -> None:
    """Seven repetitions of a large file would use up what may be sent to a target."""
    refused = Exchange("PUT", "/", "given", 413, request_body=Body(size, ""))
    asked = itertools.count()

    def again() -> Exchange:
        next(asked)
        return refused

    Repetition().repeated("P", "PUT artifacts", refused, lambda met: met.ok, again)
    assert next(asked) == sent


def test_the_largest_upload_is_left_out_where_requests_are_repeated(stack: OwnedStack) -> None:
    """What may be sent to a target is bounded: one that fails now and then is not sent 11 MB again and again."""
    steady = _seen(stack, lambda _, pass_on: pass_on(), bodies.sizes, shows_bucket=False)
    shaky = _seen(stack, _each(4, page(503)), repeats, bodies.sizes, shows_bucket=False)
    assert (steady.value("size.11m.P")[:3], shaky.value("size.11m.P")) == ("200", "")
    assert shaky.value("size.9m.P").startswith("200")


def test_what_fails_always_is_no_moment(stack: OwnedStack) -> None:
    """A failure that stays, however often it is asked again, is told as it is."""
    facts = _seen(stack, _refuses("PUT", r"/artifacts/", 503), registration, repeats)
    assert "register.upload.P" in _stopped(facts)
    assert not facts.value(f"{BRIDGED}.P")
    assert health(Diagnosis((), facts)) is Health.ILL


def test_what_the_client_does_not_repeat_is_told_as_its_own(stack: OwnedStack) -> None:
    """Where each fourth request is refused for good, that it is now and then comes before any right."""
    refused = Answer(403, b'{"error_code": "PERMISSION_DENIED", "message": "no"}', {"content-type": "application/json"})
    facts = _seen(stack, _each(4, refused))
    found = conclude(facts)
    assert "intermittent" in facts[f"{MET}.P"].sentence
    assert found.causes[0].id == "fails-now-and-then"
    assert health(found) is Health.ILL


def test_what_comes_late_is_weighed_before_a_right(stack: OwnedStack) -> None:
    """A download that is refused at first, and served when it is asked once more at the end, lacks no permission."""
    began: list[float] = []

    def breaks(asked: Asked, pass_on: PassOn) -> Answer:
        if asked.method != "GET":
            return pass_on()
        began.append(time.monotonic())
        return pass_on() if began[-1] - began[0] > 1.5 else page(403)

    def reads(context: ProbeContext, place: str) -> None:
        asker = context.at(place)
        path = f"/api/2.0/mlflow-artifacts/artifacts/{context.name}/late.bin"
        asker.send("PUT", path, body=b"late")
        asker.ask("get", "a download", "GET", path, normal="200 .*")
        context.settled(lambda: asker.send("GET", path).ok, bool, 3.0)

    facts = _seen(stack, breaks, reads)
    assert "was refused with 403, and works" in facts[f"{LATE}.P"].sentence
    assert conclude(facts).causes[0].id == "late"


@pytest.mark.parametrize(
    "location",
    ["mlflow-artifacts:/0", "mlflow-artifacts:/workspaces/default/0", "mlflow-artifacts:/workspaces/team-a/12"],
)
def test_artifact_root_is_that_of_all_workspaces(location: str) -> None:
    """Each workspace has a folder below the artifact root: that of another one is no other root."""
    assert artifact_root(location) == artifact_root("mlflow-artifacts:/7")
    assert artifact_root("s3://models/workspaces/7") == "s3://models/workspaces"
    assert artifact_root("s3://models/old/7") == "s3://models/old"
