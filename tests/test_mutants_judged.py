"""What becomes of mutants: who is asked, in which order, what counts, and how it is told."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from registry_conformance.documents.score import render_badge, render_score, score_document
from registry_conformance.judge.locations import ROOT, SUITES
from registry_conformance.judge.report.badge import COLOURS
from registry_conformance.judge.report.proof import MUTANTS, mutant_score
from registry_conformance.judge.requirement import Register
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.faults.change import unchanged
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.mutants import coverage
from registry_conformance.proof.mutants.catalogue import catalogue
from registry_conformance.proof.mutants.coverage import Coverage, CoverageError
from registry_conformance.proof.mutants.equivalent import EquivalentError, reason_of, reasons
from registry_conformance.proof.mutants.journal import Journal
from registry_conformance.proof.mutants.mutant import NGINX, Mutant
from registry_conformance.proof.mutants.outcome import Fate, MutantOutcome
from registry_conformance.proof.mutants.plan import FAILING, Planner
from registry_conformance.proof.mutants.related_faults import changed, related
from registry_conformance.proof.mutants.result import MutantResult, ResultError, read, share, summary
from registry_conformance.proof.mutants.topics import speaks

REGISTER = Register.load(SUITES / "requirements")
SLASHES = Mutant("proxy", "statement", "docker/proxy/listeners.yaml:merge_slashes", "true -> false", unchanged)
UPLOAD = Mutant(
    "proxy",
    "traffic",
    "traffic to mlflow: PUT artifact-file",
    "its body is lost",
    unchanged,
    frozenset({"mlflow PUT a"}),
)


def check(name: str, requirement: str, *cases: str) -> Check:
    """Return a check with cases of these names."""
    items = [SimpleNamespace(nodeid=f"{name}[{case}]", function=check) for case in cases or ("one",)]
    return Check(name, (requirement,), tuple(items), local=False)  # type: ignore[arg-type] # as far as a plan looks


def order(mutant: Mutant, checks: list[Check], known: Coverage, depth: int = 10) -> list[str]:
    """Return the node ids of a plan."""
    return [item.nodeid for item in Planner(checks, known, REGISTER).plan(mutant, depth)]


def test_only_requirements_that_speak_of_it_kill() -> None:
    """A requirement of the layer speaks of a mutant, or one of an area that its place is about; others do not."""
    assert speaks(SLASHES, ["RTE-001"], REGISTER)
    assert not speaks(SLASHES, ["REG-001"], REGISTER) or REGISTER["REG-001"].layer == "proxy"
    assert speaks(UPLOAD, ["ART-001"], REGISTER)
    other = next(name for name, each in REGISTER.items() if each.layer == "store" and name.startswith("INF"))
    assert not speaks(SLASHES, [other], REGISTER)
    assert order(SLASHES, [check("a", other)], Coverage()) == []


def test_what_killed_there_before_is_asked_first() -> None:
    """A check that killed a mutant of the same place goes before one that shares more words."""
    known = Coverage(kills={SLASHES.place: Counter({"b": 3})})
    checks = [check("test_merge_slashes", "RTE-001"), check("b", "RTE-001")]

    assert order(SLASHES, checks, Coverage())[0] == "test_merge_slashes[one]"
    assert order(SLASHES, checks, known)[0] == "b[one]"


def test_what_killed_its_like_before_is_asked_first() -> None:
    """A check that killed the same effect on another link goes before one that is as good in all else."""
    other = replace(UPLOAD, place="traffic to store: PUT object", how="its body is lost, always")
    known = Coverage()
    known.learn(replace(other, place="traffic to server: PUT artifact-file").traits, "b")
    known.learn(replace(other, place="traffic to server: GET object", how="the answer is a 503, always").traits, "a")
    checks = [check("a", "ART-001"), check("b", "ART-001")]

    assert order(replace(other, touches=frozenset()), checks, known)[0] == "b[one]"


def test_traits_of_a_statement_are_the_same_behind_each_listener() -> None:
    """What is changed in a statement has a name that leaves out the listener; the file is the last trait."""
    both = [replace(SLASHES, place=f"docker/proxy/listeners.yaml:{name}/a/merge_slashes") for name in ("one", "two")]
    first, second = (each.traits for each in both)

    assert first[0] != second[0]
    assert first[1:] == second[1:]
    assert first[1] == "name: a/merge_slashes true -> false"


def test_how_long_a_passing_case_took_is_learned_of_known_cases() -> None:
    """The seconds of a run without recorders take the place of those with them."""
    known = Coverage({"a[one]": 2.0}, {"a[one]": frozenset()})
    known.learn_seconds({"a[one]": 0.1, "b[one]": 1.0})

    assert known.seconds == {"a[one]": 0.1}


def test_a_case_that_names_an_error_code_is_likely_for_a_mutant_of_it() -> None:
    """A mutant of one line of a table of error codes is noticed by the case of that code, of many of one check."""
    place = "docker/proxy/errors.lua:module"
    mutant = Mutant("proxy", "source", place, '"DEADLINE_EXCEEDED" -> "XXDEADLINE_EXCEEDED"', unchanged)
    cases = ("500-INTERNAL_ERROR", "503-TEMPORARILY_UNAVAILABLE", "504-DEADLINE_EXCEEDED", "429-LIMIT_EXCEEDED")

    assert order(mutant, [check("a", "ERR-001", *cases)], Coverage())[0] == "a[504-DEADLINE_EXCEEDED]"


def test_a_directive_for_some_requests_is_judged_by_cases_that_send_one() -> None:
    """What a location of nginx does is noticed by a case that sends it a request, or of which nothing is known."""
    touches = frozenset({"proxy POST upload-parts", "proxy PUT upload-parts"})
    mutant = Mutant("proxy", "directive", "docker/proxies/nginx/tuned.conf:a", "dropped", unchanged, touches)
    tokens = {
        "parts[one]": frozenset({"proxy POST upload-parts"}),
        "search[one]": frozenset({"proxy POST experiments"}),
    }
    checks = [check(name, "RTE-001") for name in ("parts", "search", "new")]

    assert set(order(mutant, checks, Coverage(tokens=tokens))) == {"parts[one]", "new[one]"}
    assert len(order(replace(mutant, touches=frozenset()), checks, Coverage(tokens=tokens))) == 3


def test_a_rare_request_of_many_does_not_make_a_case_likely() -> None:
    """Of two cases that a directive's requests are from, the one whose words are the directive's goes first."""
    touches = frozenset({"proxy GET runs", "proxy HEAD runs"})
    place = "docker/proxies/nginx/tuned.conf:http/server/location @read/lost_read_repeated"
    mutant = Mutant("proxy", "directive", place, "dropped", unchanged, touches)
    usual = [check(f"usual_{number}", "RTE-001") for number in range(30)]
    sent = {f"usual_{number}[one]": "proxy GET runs" for number in range(30)}
    sent |= {"rare[one]": "proxy HEAD runs", "lost_read_repeated[one]": "proxy GET runs"}
    known = Coverage(tokens={case: frozenset({token}) for case, token in sent.items()})
    checks = [check("rare", "RTE-001"), check("lost_read_repeated", "RTE-001"), *usual]

    assert order(mutant, checks, known)[0] == "lost_read_repeated[one]"


def test_a_quick_case_goes_first() -> None:
    """Of two checks that are as likely the cheaper one goes first."""
    known = Coverage(seconds={"a[one]": 5.0, "b[one]": 0.1}, tokens={"a[one]": frozenset(), "b[one]": frozenset()})

    assert order(SLASHES, [check("a", "RTE-001"), check("b", "RTE-001")], known) == ["b[one]", "a[one]"]


def test_a_slow_case_that_is_likely_is_among_those_that_run() -> None:
    """Half of the cases are chosen by likelihood alone: quick ones that are unlikely do not crowd out a slow one."""
    quick = [check(f"quick_{number}", "RTE-001") for number in range(30)]
    slow = check("test_merge_slashes", "RTE-001")
    known = Coverage(seconds={f"quick_{number}[one]": 0.01 for number in range(30)} | {"test_merge_slashes[one]": 90.0})

    assert "test_merge_slashes[one]" in order(SLASHES, [*quick, slow], known)


def test_what_catches_faults_of_the_same_setting_is_likely() -> None:
    """A check of a requirement that fails under a fault which changes the same thing is asked first."""
    mutant = next(each for each in catalogue().values() if each.place == "proxy.status_on_error")
    fault = CATALOGUE["auth-outage-told-as-bad-key"]
    checks = [check("a", "RTE-001"), check("b", fault.requirements[0]), check("c", "RTE-002")]

    assert set(related(mutant)) >= set(fault.requirements)
    assert order(mutant, checks, Coverage())[0] == "b[one]"


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        ("auth-outage-told-as-bad-key", {"proxy.status_on_error", "auth.up"}),
        ("answers-cached-across-users", {"proxy: Remember"}),
    ],
)
def test_what_a_fault_changes_has_names(fault: str, changes: set[str]) -> None:
    """Settings are named by part and field, what a link does to traffic by link and act; what is as shipped is not."""
    assert changed(CATALOGUE[fault].change(REFERENCE)) == changes
    assert changed(REFERENCE) == set()


def test_of_checks_as_likely_each_is_asked_once_before_a_second_time() -> None:
    """No check is asked twice before each that is as likely was asked once; no more cases are asked than wanted."""
    checks = [check("a", "RTE-001", "1", "2", "3"), check("b", "RTE-001", "1")]

    assert {name[0] for name in order(SLASHES, checks, Coverage(), depth=2)} == {"a", "b"}
    assert len(order(SLASHES, checks, Coverage())) == 4


def test_second_case_of_a_likely_check_goes_before_what_is_unlikely() -> None:
    """The rule of a table that one case asks is found by the second case of its check, not after all other checks."""
    known = Coverage(kills={trait: Counter({"likely": 3}) for trait in SLASHES.traits})
    checks = [check("likely", "RTE-001", "1", "2"), *(check(f"other_{each}", "RTE-001") for each in range(20))]

    assert set(order(SLASHES, checks, known)[:2]) == {"likely[1]", "likely[2]"}


def test_what_fails_on_the_reference_with_this_proxy_is_not_asked() -> None:
    """A case that is known to be red without any mutant tells none apart."""
    mutant = next(each for each in catalogue().values() if each.proxy == NGINX)
    checks = [check(name, "RTE-001") for name in ("a", next(iter(FAILING[NGINX])))]

    assert order(mutant, checks, Coverage()) == ["a[one]"]


def test_of_traffic_only_what_has_such_traffic_is_asked() -> None:
    """A case that was recorded, and never had such traffic, is not asked; one that nobody recorded is."""
    known = Coverage(tokens={"a[one]": frozenset({"mlflow GET a"}), "b[one]": UPLOAD.touches})
    checks = [check("a", "ART-001"), check("b", "ART-001"), check("c", "ART-001")]

    assert sorted(order(UPLOAD, checks, known)) == ["b[one]", "c[one]"]


def test_coverage_is_kept_and_read(tmp_path: Path) -> None:
    """What was recorded is read as it was written; another file is refused with the remedy."""
    file = tmp_path / "coverage.json"
    known = Coverage(
        {"a[one]": 0.5, "b[one]": 0.0},
        {"a[one]": frozenset({"mlflow PUT a", "header range"}), "b[one]": frozenset({"mlflow PUT a"})},
    )
    known.learn(("place", "file: a"), "a")
    coverage.write(known, file)

    assert coverage.read(file) == known
    file.write_text('{"schema": "other"}')
    with pytest.raises(CoverageError, match="mutants record"):
        coverage.read(file)


def test_what_most_cases_touch_is_not_kept(tmp_path: Path) -> None:
    """A statement that most cases run distinguishes none, and is left out; an exchange never is."""
    usual = frozenset({"proxy PUT a", "ran a.py:f: g()"})
    known = Coverage(tokens={"a[one]": usual, "b[one]": usual | {"ran a.py:f: h()"}, "c[one]": usual})
    coverage.write(known, tmp_path / "coverage.json")

    kept = coverage.read(tmp_path / "coverage.json").tokens
    assert kept == {
        "a[one]": frozenset({"proxy PUT a"}),
        "b[one]": frozenset({"proxy PUT a", "ran a.py:f: h()"}),
        "c[one]": frozenset({"proxy PUT a"}),
    }


def test_a_check_of_its_subject_is_likely() -> None:
    """A mutant of the TLS listener's replies is asked of checks that compare listeners before others of its layer."""
    manager = "filter_chains/0/filters/envoy.filters.network.http_connection_manager"
    place = f"docker/proxy/listeners.yaml:registry-tls/{manager}/local_reply_config/mappers/4"
    mutant = Mutant("proxy", "statement", place, "dropped", unchanged)

    assert order(mutant, [check("a", "RTE-001"), check("b", "OPS-041")], Coverage())[0] == "b[one]"


def test_what_was_usual_is_not_rare_of_new_cases(tmp_path: Path) -> None:
    """A statement that was left out because most cases run it does not look rare when a case is added."""
    usual = frozenset({"proxy PUT a", "ran a.py:f: g()"})
    file = tmp_path / "coverage.json"
    coverage.write(Coverage(tokens=dict.fromkeys(("a[one]", "b[one]"), usual)), file)
    known = coverage.read(file)
    known.tokens["c[one]"] = usual
    coverage.write(known, file)

    assert coverage.read(file).tokens["c[one]"] == {"proxy PUT a"}


def test_of_source_only_what_runs_the_statement_is_asked() -> None:
    """A case that does not run the statement is not asked, if another one is known to run it."""
    ran = frozenset({"ran docker/auth/a.py:f: g()"})
    source = Mutant("auth", "source", "docker/auth/a.py:f", "g() -> pass in: g()", unchanged, ran)
    known = Coverage(tokens={"a[one]": ran, "b[one]": frozenset({"proxy PUT a"})})
    checks = [check("a", "AUT-001"), check("b", "AUT-001"), check("c", "AUT-001")]

    assert sorted(order(source, checks, known)) == ["a[one]", "c[one]"]
    assert len(order(source, checks, Coverage())) == 3


def test_journal_counts_for_the_same_suite_alone(tmp_path: Path) -> None:
    """What was judged is known to the next run of the same suite; a line that was cut off counts as none."""
    file = tmp_path / "journal"
    outcome = MutantOutcome("a-00000000", Fate.KILLED, killed_by="b", requirements=("ART-001",), tried=3, seconds=1.0)
    Journal(file, "one").add(outcome)
    file.write_text(file.read_text() + '{"suite": "one", "id": "b')

    assert Journal(file, "one").read() == {"a-00000000": outcome}
    assert Journal(file, "two").read() == {}


def result(*fates: Fate) -> dict[str, Any]:
    """Return the document of a result with the first mutants of the catalogue."""
    mutants = list(catalogue().values())[: len(fates)]
    outcomes = [MutantOutcome(mutant.id, fate, tried=1) for mutant, fate in zip(mutants, fates, strict=True)]
    known = {mutant.id: mutant for mutant in mutants}
    started = "2026-11-29T01:00:00+00:00"
    return MutantResult("m-1", "0.1.0", "abc", started, 9.0, 10, 0, 1, 40, 3, {}, known, outcomes).document()


def test_what_is_invalid_or_equivalent_is_no_part_of_the_share() -> None:
    """The share is of valid mutants that are not equivalent; one that is undecided counts against it."""
    numbers = result(Fate.KILLED, Fate.KILLED, Fate.SURVIVED, Fate.UNDECIDED, Fate.EQUIVALENT, Fate.INVALID)["summary"]

    assert numbers["mutants"] == 5
    assert share(numbers) == 0.5
    assert share(result(Fate.INVALID)["summary"]) is None


def test_document_is_of_its_schema_and_its_sums_are_checked(tmp_path: Path) -> None:
    """A result validates; one whose numbers were changed by hand is refused."""
    document = result(Fate.KILLED, Fate.SURVIVED, Fate.INVALID)
    schema = json.loads((ROOT / "reports" / "schema" / "mutants.v1.json").read_text())
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
    file = tmp_path / MUTANTS
    file.write_text(json.dumps(document))

    assert read(file) == document
    document["summary"]["killed"] += 1
    file.write_text(json.dumps(document))
    with pytest.raises(ResultError, match="summary"):
        read(file)
    assert summary(document["mutants"])["killed"] == 1


def test_score_counts_for_the_suite_that_earned_it(tmp_path: Path) -> None:
    """A run tells the last mutants of its own suite and register; of nothing that could be judged there is no score."""
    document = result(Fate.KILLED, Fate.SURVIVED, Fate.INVALID)
    suite, file = document["suite"], tmp_path / MUTANTS
    file.write_text(json.dumps(document))

    counted = mutant_score(tmp_path, suite["version"], suite["register"])
    assert counted is not None and (counted["judged"], counted["killed"], counted["survived"]) == (2, 1, 1)
    assert mutant_score(tmp_path, suite["version"], "other") is None
    file.write_text(json.dumps(result(Fate.INVALID)))
    assert mutant_score(tmp_path, suite["version"], suite["register"]) is None


@pytest.mark.parametrize(("fates", "colour"), [([Fate.KILLED], "good"), ([Fate.KILLED, Fate.SURVIVED], "doubt")])
def test_badge_tells_the_count(fates: list[Fate], colour: str) -> None:
    """The picture has the count of killed ones, and the colour of a good score for nine of ten alone."""
    shown = render_badge(score_document(result(*fates)))

    assert f"1 of {len(fates)} killed" in shown and COLOURS[colour] in shown


def test_page_tells_the_share_and_each_survivor() -> None:
    """The page has the share of killed ones by layer, and a line for each mutant that was not killed, no other."""
    document = score_document(result(Fate.KILLED, Fate.SURVIVED, Fate.INVALID))
    page = render_score(document)
    fates = {row["id"]: row["fate"] for row in document["mutants"]}

    assert "1 of 2 killed (50%)" in page
    for name, fate in fates.items():
        assert (f"- `{name}`" in page) == (fate == "survived")


def test_equivalence_has_a_reason_and_a_mutant() -> None:
    """Every entry covers mutants that there are, and says why."""
    for each in reasons():
        assert len(each.reason.split()) >= 5
        assert any(each.covers(mutant) for mutant in catalogue().values()), each


def test_equivalence_without_a_reason_is_refused(tmp_path: Path) -> None:
    """An entry without a reason names itself; one covers what both of its regexes match as a whole."""
    file = tmp_path / "equivalent.toml"
    file.write_text("[[equivalent]]\nplace = 'a'\nhow = '.*'\nreason = ' '\n")
    with pytest.raises(EquivalentError, match="entry 1"):
        reasons(file)
    file = tmp_path / "another.toml"
    file.write_text("[[equivalent]]\nplace = '.*merge_slashes'\nhow = 'true -> .*'\nreason = 'nobody can tell'\n")

    assert reason_of(SLASHES, reasons(file)) == "nobody can tell"
    assert reason_of(replace(SLASHES, place=f"{SLASHES.place}/0"), reasons(file)) == ""


def test_ids_tell_their_place() -> None:
    """An id is a few words of the place and eight digits; the same change elsewhere is another one."""
    assert re.fullmatch(r"[a-z0-9-]*merge-slashes-[0-9a-f]{8}", SLASHES.id)
    assert replace(SLASHES, place="docker/proxy/listeners.yaml:other/merge_slashes").id != SLASHES.id
