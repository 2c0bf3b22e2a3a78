"""What failed and what passed show a pattern, where no known cause fits and no answer says anything of itself."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.doctor import _verdict
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.named import UNKNOWN, Named
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.evidence.items import EvidenceItem

API = "http://host/api/2.0/"
SEARCH, FILE = f"{API}mlflow/experiments/search", f"{API}mlflow-artifacts/artifacts/a"


def facts_of(good: dict[str, str], bad: dict[str, str]) -> Facts:
    """Return facts by name, those that are as they should be and those that are not."""
    facts = Facts()
    facts.record("reach.line.P", "all open", "a connection", "all open")
    for seen, normal in ((good, ""), (bad, "none")):
        for name, value in seen.items():
            facts.record(name, value, f"{name}: {value}", normal)
    return facts


def first(facts: Facts) -> Named:
    """Return what is named first, where no cause of the table is asked."""
    return conclude(facts, (), (), known={}).causes[0]


RUNS = {"doors.search.P": "all 200 json", "meta.create.P": "200 json", "meta.run.P": "200 json", "put.P": "200 empty"}
MODELS = {"route.rest-patch.P": "all timeout", "meta.model.P": "timeout", "register.model.P": "timeout"}


def test_a_registry_that_fails_alone_has_a_database_of_its_own() -> None:
    """Every request about registered models fails, and nothing else: the headline says so, not a request alone."""
    facts = facts_of(RUNS, MODELS)
    named = first(facts)
    assert (named.id, named.layer) == (UNKNOWN, "mlflow")
    assert "--registry-store-uri" in named.sentence
    assert "--registry-store-uri" in next(_verdict(conclude(facts, (), (), known={})))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (RUNS | {"meta.search.models.P": "200 json"}, MODELS),
        (RUNS, MODELS | {"meta.logged.P": "timeout"}),
        (RUNS, {"meta.model.P": "timeout"}),
        ({"doors.search.P": "all 200 json"}, MODELS | {"meta.run.P": "timeout"}),
    ],
    ids=["some of it is served", "others fail too", "one request", "runs are not in order"],
)
def test_no_database_of_its_own_is_named_where_more_or_less_fails(good: dict[str, str], bad: dict[str, str]) -> None:
    """One request that is served, or another part that fails, speaks against it."""
    assert "--registry-store-uri" not in first(facts_of(good, bad)).sentence


@pytest.mark.parametrize(
    ("listed", "told"), [("200 json size", "stored empty"), ("200 json", "listed with their sizes")]
)
def test_files_without_bytes_are_told_by_where_their_bytes_are_lost(listed: str, told: str) -> None:
    """Uploads answered with 200 that come back with no bytes are lost on the way there, or on the way back."""
    came = dict.fromkeys(("get.P", "get.again.P", "text.get.P"), "200 empty")
    good = RUNS | ({"list.P": listed} if listed == "200 json" else {})
    bad = came | ({"list.P": listed} if listed != "200 json" else {})
    assert told in first(facts_of(good, bad)).sentence
    assert told not in first(facts_of(good | {"text.get.P": "200 whole"}, bad | {"text.get.P": "200 short"})).sentence


@pytest.mark.parametrize(
    ("followed", "told"), [("tls", "links to the store"), ("200 whole", "files of text come back")]
)
def test_addresses_that_are_rewritten_in_files_are_one_cause(followed: str, told: str) -> None:
    """Where http:// became https:// in a file, links that MLflow gives were changed as well: one thing."""
    facts = facts_of(RUNS, {"text.get.P": "200 long (http made https in it)", "follow.P": followed})
    facts.record("first.product.P", "nginx", "nginx answers")
    named = first(facts)
    assert (named.id, named.layer) == ("addresses-rewritten-in-files", "proxy")
    assert told in named.sentence
    assert "sub_filter_types" in named.remedy


FAILS = {"put.P": "500 text", "text.P": "500 text", "ladder.put.P": "64k 500 text", "size.64k.P": "500 text"}


@pytest.mark.parametrize(
    ("repeated", "more", "told"),
    [
        ("200 500 500 500 500 500", {}, True),
        ("200 500 200 500 500 500", {}, False),
        ("200 500 500 500 500 500", {"model.put.P": "200 empty"}, False),
        ("all 500", {}, False),
    ],
    ids=["none after the first failure", "one after it", "another after it", "none at all"],
)
def test_a_number_of_files_is_used_up_where_none_passes_after_some(
    repeated: str, more: dict[str, str], *, told: bool
) -> None:
    """Whichever upload comes first is taken, those of any size after it fail: it is no matter of rights or sizes."""
    facts = facts_of({"meta.create.P": "200 json", "list.P": "200 json"} | more, FAILS | {"repeat.put.P": repeated})
    assert ("takes no more files" in first(facts).sentence) is told


@pytest.mark.parametrize(
    ("good", "bad", "named"),
    [
        ({"put.P": "200 empty", "name.space.P": "200 empty"}, {"name.dot.P": "403 html nginx"}, "hidden-files-refused"),
        ({"put.P": "200 empty"}, {"list.turns.P": "by turns", "follow.P": "404 xml"}, "stores-by-turns"),
        ({"put.P": "200 empty", "follow.P": "200 whole"}, {"list.turns.P": "by turns"}, "files-listed-by-turns"),
    ],
)
def test_what_passes_beside_it_shows_what_a_failure_goes_by(
    good: dict[str, str], bad: dict[str, str], named: str
) -> None:
    """A name among others, or a store that has not what it had: the fact beside it tells."""
    assert first(facts_of(good, bad)).id == named


def at(moment: float, url: str, *, silent: bool) -> EvidenceItem:
    """Return a request at a moment, which got no answer, or one at once."""
    status, seconds, error = (None, 8.0, "timeout: nothing came") if silent else (200, 0.01, "")
    return Exchange("GET", url, "given", status, (), error=error, started=moment, seconds=seconds).evidence()


@pytest.mark.parametrize(
    ("searches", "file_is_silent", "layer", "told"),
    [
        ([(1, True), (20, False), (30, True)], False, "mlflow", "no connection to the database"),
        ([(1, True), (20, False), (30, True)], True, "", "one of several replicas"),
        ([(1, True), (10, True), (20, False), (30, False)], False, "", ""),
        ([(1, False), (10, False), (20, True), (30, True)], False, "", ""),
    ],
    ids=["files are served", "files are silent too", "it awoke", "it ended"],
)
def test_what_hangs_by_turns_is_no_matter_of_the_path(
    searches: list[tuple[float, bool]], file_is_silent: bool, layer: str, told: str
) -> None:
    """The same request gets no answer, is answered at once, and gets none again: a part of what answers hangs."""
    asked = [at(moment, SEARCH, silent=silent) for moment, silent in searches]
    asked += [at(moment, FILE, silent=file_is_silent and moment > 25) for moment in (19, 21, 26)]
    facts = Facts()
    facts.record("doors.search.P", "all timeout", "a search", "all 200 json", tuple(asked))
    named = first(facts)
    assert named.layer == layer
    assert told in named.sentence
    assert told or "hang" not in named.sentence


@pytest.mark.parametrize(("passes", "told"), [(900, False), (1500, True)])
def test_what_hangs_by_its_size_hangs_not_by_turns(passes: int, *, told: bool) -> None:
    """Kind: packets of full size are lost. Smaller requests to the same path pass in between."""
    facts = Facts()
    met = []
    for moment, size in ((1.0, 1500), (20.0, passes), (30.0, 1500)):
        silent = moment != 20
        met.append(
            Exchange(
                "PUT", FILE, "given", None if silent else 200, request_body=Body(size, "", b""),
                error="timeout: nothing came" if silent else "", started=moment, seconds=8.0 if silent else 0.01,
            ).evidence()
        )  # fmt: skip
    facts.record("put.P", "timeout", "an upload", "200 .*", tuple(met))
    assert ("others like them are answered" in first(facts).sentence) is told


@pytest.mark.parametrize(
    ("headers", "passes", "told"),
    [(4000, 900, True), (4000, 1600, False), (0, 900, False)],
    ids=["whatever is larger than a packet", "a larger one passes", "bodies alone"],
)
def test_requests_above_a_packet_are_lost(headers: int, passes: int, *, told: bool) -> None:
    """Kind: a smaller MTU on the way that no sender learns of. What needs two packets gets no answer, body or not."""
    facts = Facts()
    sent = [
        ("PUT", FILE, 1500, 0, True),
        ("POST", f"{API}mlflow/runs/log-batch", 9000, 0, True),
        ("GET", SEARCH, 0, headers, headers > 0),
        ("PATCH", SEARCH, 3000, 0, True),
        ("PUT", f"{FILE}/b", passes, 0, False),
    ]
    met = tuple(
        Exchange(
            method, url, "given", None if silent else 200, (("X-Long", "h" * long),),
            request_body=Body(size, "", b""), error="timeout: nothing came" if silent else "", started=float(number),
        ).evidence()
        for number, (method, url, size, long, silent) in enumerate(sent)
    )  # fmt: skip
    facts.record("put.P", "timeout", "an upload", "200 .*", met)
    named = first(facts)
    assert ("smaller MTU" in named.sentence) is told
    assert not told or named.layer == "network"


@pytest.mark.parametrize("by_turns", [True, False])
def test_what_is_read_by_turns_shows_no_fixed_cause_in_the_same_part(*, by_turns: bool) -> None:
    """Beside replicas with a database each, a history that lacks steps is one of theirs, and no plugin's doing."""
    good = {"meta.read.P": "200 json", "meta.create.P": "200 json"}
    bad = {"meta.history.P": "200 json other"} | ({"meta.steady.P": "now and then"} if by_turns else {})
    named = {each.id for each in conclude(facts_of(good, bad)).causes}
    assert ("metric-history-of-one" in named) is not by_turns


def test_what_fails_every_time_goes_before_what_failed_once() -> None:
    """One request of hundreds that went through when repeated is no reason why all uploads fail."""
    facts = facts_of(
        {"meta.create.P": "200 json", "route.listing.P": "200 json"},
        {"put.P": "500 text", "again.bridged.P": "1 of 255: 500", "repeat.put.P": "all 500"},
    )
    named = first(facts)
    assert named.id == UNKNOWN
    assert "moment" not in named.sentence
