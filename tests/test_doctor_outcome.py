"""What was not asked is not healthy: the doctor says what it owes, in text and JSON, and ends with exit code 6."""

from __future__ import annotations

import time

import pytest

from registry_conformance.cli.main import run
from registry_conformance.judge.diagnosis import doctor
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts, Missed
from registry_conformance.judge.diagnosis.named import Diagnosis
from registry_conformance.judge.diagnosis.outcome import Health, health
from registry_conformance.judge.diagnosis.steps import stops_at
from registry_conformance.judge.diagnosis.undeclared import tolerated
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.target.target import Door
from tests.web_answers import Answer, site


def facts_of(**values: str) -> Facts:
    """Return facts by name, ``__`` for a dot, of which ``200 json`` is what a healthy deployment shows."""
    facts = Facts()
    for name, value in values.items():
        facts.record(name.replace("__", "."), value, f"{name}: {value}", "200 json")
    return facts


def test_a_question_that_was_not_asked_is_not_healthy() -> None:
    """A look that owes a question could not tell, says which and why, and ends with exit code 6."""
    facts = facts_of(put__P="200 json")
    facts.unseen("size.1m.P", Missed("the time for all probes, 10 s, was over"))
    found = Diagnosis((), facts)
    target = doctor.target_at(Door("given", "http://registry.example"), None)
    text = "\n".join(doctor.lines(target, found))
    assert health(found) is Health.COULD_NOT_TELL
    assert health(found).exit_code == 6
    assert "COULD NOT TELL" in text
    assert "size.1m.P" in text and "was over" in text and "--budget" in text
    assert doctor.document(target, found)["facts"]["size.1m.P"]["missed"] is True


def test_what_would_say_nothing_is_no_debt() -> None:
    """Where a deployment declared nothing, some questions have no wrong answer: to leave them out costs nothing."""
    facts = Facts(tolerated)
    for name in ("browser.any.P", "error.bad.P", "rest.errors.P"):
        facts.unseen(name, Missed("the time for all probes was over"))
    assert not facts.missed
    facts.unseen("put.P", Missed("the time for all probes was over"))
    assert [fact.name for fact in facts.missed] == ["put.P"]


def test_what_a_target_does_not_show_is_no_debt() -> None:
    """A fact without the means to see it leaves a look healthy."""
    facts = facts_of(put__P="200 json")
    facts.unseen("bucket.S", "the target shows no bucket")
    assert health(Diagnosis((), facts)) is Health.HEALTHY


@pytest.mark.parametrize(
    ("met", "verdict"), [("110 of 394: 401", "NOT EVERY TIME: "), ("none", "YES, a model can be registered, but: ")]
)
def test_a_registration_that_works_at_times_is_not_said_to_work(met: str, verdict: str) -> None:
    """A client repeats no 401: what went through when it was asked again is no YES."""
    facts = facts_of(doors__search__P="200 json", head__strange__P="599")
    facts.record("register.download.P", "works", "a registration", "works")
    facts.record("again.met.P", met, "110 of 394 requests failed", "none")
    target = doctor.target_at(Door("given", "http://registry.example"), None)
    assert any(line.startswith(verdict) for line in doctor.lines(target, conclude(facts)))


def test_what_came_is_shown_however_long_the_address_is() -> None:
    """Of a long URL the middle is left out: status and sender stand behind it."""
    facts = facts_of(doors__search__P="200 json")
    url = f"http://registry.example/{'a' * 200}/end.bin"
    facts.record("put.P", "500 html", f"an upload: PUT {url} -> 500 text/html (a page of nginx)", "200 empty")
    target = doctor.target_at(Door("given", "http://registry.example"), None)
    told = [line for line in doctor.lines(target, Diagnosis((), facts)) if line.startswith("    an upload")]
    assert told and all(line.endswith("/end.bin -> 500 text/html (a page of nginx)") for line in told)


def test_what_is_wrong_goes_before_what_was_not_asked() -> None:
    """Something that was seen to be wrong stays wrong, whatever else could not be asked."""
    facts = facts_of(put__P="413 html nginx")
    facts.unseen("size.1m.P", Missed("the time for all probes, 10 s, was over"))
    assert health(Diagnosis((), facts)) is Health.ILL


def test_slow_answers_alone_are_no_failure() -> None:
    """A search that takes 3 s ends no registration: where nothing shows why, the model can be registered, slowly."""
    facts = facts_of(put__P="200 json", pace__search__P="slow 3 s")
    found = Diagnosis((), facts)
    target = doctor.target_at(Door("given", "http://registry.example"), None)

    assert health(found) is Health.SLOW
    assert health(found).exit_code == 0
    assert next(doctor._verdict(found)).startswith("YES")
    assert "it is slow: pace__search__P: slow 3 s" in "\n".join(doctor.lines(target, found))
    assert doctor.document(target, found)["diagnosis"] == []


def test_what_a_slow_answer_looks_like_is_no_cause() -> None:
    """MLflow 2 says that it is well in a page: where that comes late, nobody answers in MLflow's place."""
    kind = (("Content-Type", "text/html"),)
    page = Exchange("GET", "http://registry.example/health", "given", 200, response_headers=kind,
                    response_body=Body(2, "", b"OK"))  # fmt: skip
    facts = facts_of(put__P="200 json")
    facts.record("pace.health.P", "slow 1 s", "health took 1.21 s", "fast", (page.evidence(),))
    found = conclude(facts)

    assert [cause.id for cause in found.causes] == ["unknown"]
    assert health(found) is Health.SLOW


@pytest.mark.parametrize("slowly", [{}, {"pace__search__P": "slow 3 s"}])
def test_a_registration_that_was_not_tried_is_not_said_to_work(slowly: dict[str, str]) -> None:
    """Who only reads, or cannot register on such a server, says so, and not that a model can be registered."""
    facts = facts_of(put__P="200 json", **slowly)
    facts.unseen("register.lookup.P", "read-only: nothing is registered")
    found = Diagnosis((), facts)

    assert health(found).exit_code == 0
    assert next(doctor._verdict(found)).startswith("NOT TRIED: no registration was made (read-only: nothing is reg")


def test_slow_answers_and_questions_that_were_not_asked_tell_nothing() -> None:
    """A target so slow that the time was over before the registration was seen is not judged."""
    facts = facts_of(put__P="200 json", pace__search__P="slow 3 s")
    facts.unseen("size.1m.P", Missed("the time for all probes, 120 s, was over"))
    found = Diagnosis((), facts)

    assert health(found) is Health.COULD_NOT_TELL
    assert "but is slow" in next(doctor._verdict(found))


@pytest.mark.parametrize(
    ("seen", "health_of_it"),
    [
        ({"held__P": "waits"}, Health.SLOW),
        ({"together__P": "all 200 slow"}, Health.SLOW),
        ({"held__P": "failed"}, Health.ILL),
        ({"together__P": "2 of 8 failed slow"}, Health.ILL),
    ],
)
def test_answers_that_come_late_beside_others_are_slow(seen: dict[str, str], health_of_it: Health) -> None:
    """A server with one worker answers a search after the upload beside it: late, and as it should."""
    facts = Facts()
    for name, value in seen.items():
        facts.record(name.replace("__", "."), value, f"{name}: {value}", "free" if name == "held__P" else "all 200")

    assert health(Diagnosis((), facts)) is health_of_it


def test_slow_answers_beside_another_mistake_do_not_excuse_it() -> None:
    """Something else that is wrong stays wrong, and silence is not slowness."""
    assert health(Diagnosis((), facts_of(put__P="413 html", pace__search__P="slow 3 s"))) is Health.ILL
    assert health(Diagnosis((), facts_of(put__P="200 json", pace__search__P="timeout"))) is Health.ILL


def test_the_first_step_that_fails_is_named() -> None:
    """A registration stops at its first step that does not work, in the order of a client."""
    facts = facts_of(put__P="404 html", meta__version__P="500 json", meta__run__P="200 json")
    stop = stops_at(facts)
    assert stop is not None
    assert (stop[0].words, stop[1].value) == ("the upload", "404 html")


def test_where_it_fails_is_said_beside_the_answer_if_no_cause_is_known() -> None:
    """The first line has what a comparison shows of the place, and the answer that stopped the registration."""
    facts = Facts()
    facts.record("reach.line.P", "all open", "the doors", "all open")
    facts.record("doors.search.P", "all 200 json", "a search", "all 200 json")
    facts.record("put.P", "418 json", "an upload through the proxy: 418", "200 .*")
    facts.record("put.O", "200 json", "an upload straight to MLflow: 200", "200 .*")
    verdict = next(doctor._verdict(conclude(facts)))

    words = "no known cause fits: wrong through the door, and right straight to MLflow; seen: an upload through the pro"
    assert verdict.startswith(f"NO: registration stops at the upload: {words}")
    assert verdict.endswith(": 418")


def test_an_old_server_is_told_by_its_own_word() -> None:
    """A server that says that it is an MLflow 2 is no failure: its own clients can register, and others are told."""
    facts = facts_of(put__P="200 json")
    facts.record("register.lookup.P", "works", "the lookup of an experiment by its name", "works")
    facts.record("first.version.P", "2.22.5", "the server says that it is MLflow 2.22.5")
    text = "\n".join(
        doctor.lines(doctor.target_at(Door("given", "http://registry.example"), None), Diagnosis((), facts))
    )
    assert "MLflow 2.22.5, as it says itself" in text
    assert "YES: a model can be registered here by clients of MLflow 2" in text
    assert "For clients of MLflow 3, NO: this server is MLflow 2.22.5, as it says itself: " in text


def test_artifacts_on_a_disk_of_the_client_stop_a_registration() -> None:
    """A location that no server serves is where a registration stops: nothing leaves the client's machine."""
    facts = Facts()
    facts.record("location.P", "path", "a new experiment's artifacts lie at path:", "mlflow-artifacts")
    stop = stops_at(facts)
    assert stop is not None
    assert stop[1].value == "path"


def test_a_budget_grows_with_the_target_s_pace_up_to_what_is_allowed() -> None:
    """Slow answers make the budget longer than fast ones do, and an option bounds it."""
    fast, slow, bounded = Budget(), Budget(10_000.0), Budget(5.0)
    slow.machine = fast.machine  # two measurements of a busy machine differ
    for _ in range(10):
        fast.answered(0.001)
        slow.answered(0.3)
        bounded.answered(0.3)
    assert slow.allowed >= fast.allowed
    assert slow.allowed >= 89
    assert bounded.allowed == 5.0
    before = slow.allowed
    with slow.besides():
        time.sleep(0.1)
    assert slow.allowed >= before + 0.1, "what was asked again takes no time from the rest"
    assert not bounded.over


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_forward_proxy_that_refuses_is_no_answer_of_the_deployment(
    status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kind: one state of the network, two exit codes. It is 6, as of a port at which nothing listens."""
    with site(lambda _: Answer(status, "not through here")) as there:
        monkeypatch.setenv("HTTP_PROXY", there.url)
        monkeypatch.setenv("HTTPS_PROXY", there.url)
        for name in ("NO_PROXY", "no_proxy", "http_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        code = run(["doctor", "--url=https://registry.example", "--read-only", "--json"])
    assert code == 6, capsys.readouterr().out
