"""The console summary, the sentence that it ends in, and the text of one failure."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from registry_conformance.judge.evidence.items import ExchangeItem
from registry_conformance.judge.report.failure import exchange_line, render_failure
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.summary import in_brief, in_short, sentence, summary
from registry_conformance.judge.requirement import MENDED_BY, Level, Register, Requirement
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EVIDENCE, EXCHANGE, REGISTER, check, green, mixed, run_of, seen

SKIPPED = check("skips", Verdict.INAPPLICABLE, "AUT-001", message="the store does not enforce keys")
CAN = "A third party can register a model here: "


def test_what_was_not_tried_is_not_called_possible() -> None:
    """A green run that was to change nothing does not say that a model can be registered."""
    registers = Requirement("REG-001", Level.MUST, "registration", "mlflow", "A model is registered.", "PRD 1")
    record = check("registers", Verdict.INAPPLICABLE, "REG-001", message="read-only")
    run = green(record, register=Register({**REGISTER, "REG-001": registers}, "abc123"))

    assert "registration not tried: " in sentence(run)
    assert CAN not in sentence(run)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (green(), f"{CAN}all 3 MUST requirements were verified on the embedded stack."),
        (
            green(SKIPPED, skip=["AUT-001"]),
            (
                f"{CAN}all 2 MUST requirements that apply, of 3, were verified on the embedded stack; "
                "1 requirement not applicable here."
            ),
        ),
        (
            green(check("one", Verdict.FAILED, "ROU-001"), exit_code=1),
            "Do not ship: 1 of 3 MUST requirements failed (ROU-001) on the embedded stack.",
        ),
        (
            green(check("one", Verdict.FAILED, "ERR-001"), exit_code=1),
            (
                "Usable, with reservations: all 3 MUST requirements were verified on the embedded stack; "
                "1 recommendation (SHOULD or MAY) not met: ERR-001."
            ),
        ),
        (mixed(), "Do not ship: 1 of 3 MUST requirements failed (ROU-001) on the embedded stack."),
        (run_of(exit_code=5), "Nothing was verified: no check ran (the embedded stack)."),
        (
            run_of(SKIPPED, exit_code=5),
            "Nothing was verified: none of 1 check applied: the store does not enforce keys (the embedded stack).",
        ),
        (
            run_of(exit_code=6, problem="the image is missing: make images.\nmore"),
            "Nothing was verified: the image is missing: make images (the embedded stack).",
        ),
        (
            green(exit_code=6, problem="the proxy died"),
            (
                "Could not verify: the run broke off: the proxy died; "
                "all 3 MUST requirements were verified on the embedded stack."
            ),
        ),
        (
            green(check("one", Verdict.ERROR, "ROU-001"), exit_code=1),
            "No verdict: the suite itself broke in 1 check; 2 of 3 MUST requirements verified on the embedded stack.",
        ),
        (
            green(check("one", Verdict.INCONCLUSIVE, "ROU-001"), exit_code=6),
            (
                "Not proved: 1 check could not be judged: one went wrong; "
                "2 of 3 MUST requirements verified on the embedded stack."
            ),
        ),
        (
            green(skip=["AUT-001"]),
            (
                "Only a part was verified: 2 of 3 MUST requirements verified on the embedded stack; "
                "1 MUST requirement not tested."
            ),
        ),
        (
            green(exit_code=7, leftovers=["model m"]),
            (
                "Clean up first: all 3 MUST requirements were verified on the embedded stack; "
                "1 thing left behind on the target."
            ),
        ),
        (
            green(check("one", Verdict.FAILED, "ROU-001"), exit_code=1, target={"faults": ["route-missing"]}),
            (
                "Do not ship: 1 of 3 MUST requirements failed (ROU-001) on the embedded stack; "
                "1 fault injected: route-missing."
            ),
        ),
        (
            green(target={"faults": ["route-missing"]}),
            (
                "The injected fault was not caught: all 3 MUST requirements were verified on the embedded stack; "
                "1 fault injected: route-missing."
            ),
        ),
    ],
)
def test_sentence(run: RunRecord, said: str) -> None:
    """The sentence says what a manager needs: ship or not, what was verified, and what was not."""
    assert sentence(run) == said


@pytest.mark.parametrize(
    "run",
    [
        *(green(exit_code=code) for code in range(1, 8)),
        green(check("free", Verdict.FAILED)),
        green(check("free", Verdict.ERROR)),
        green(check("free", Verdict.INCONCLUSIVE)),
        green(problem="lost"),
        green(leftovers=["model m"]),
        run_of(check("advice", Verdict.PASSED, "ERR-001")),
        run_of(*(check(name, Verdict.INAPPLICABLE, name, message="none") for name in REGISTER)),
        run_of(),
    ],
)
def test_only_a_whole_green_run_says_that_one_can_register(run: RunRecord) -> None:
    """Any exit code, red check, problem or gap keeps the good sentence away."""
    assert sentence(green()).startswith(CAN)  # control: it is said of a whole green run
    assert not sentence(run).startswith(CAN)


def test_pass_without_a_bucket_says_how_much_less_it_means() -> None:
    """Pass without a bucket says how much less it means."""
    blind = {"name": "staging", "kind": "live", "capabilities": {"store": {"present": False, "reason": "no [bucket]"}}}

    assert "on MLflow's word alone: stored bytes were not verified" in sentence(green(target=blind))


def test_failure_that_is_expected_is_told() -> None:
    """Failure that is expected is told, in the summary and in the sentence, though other checks of it passed."""
    excused = check(
        "known",
        Verdict.INAPPLICABLE,
        "AUT-001",
        message="expected to fail here until 2030-01-15: it moves to another house",
    )
    run = green(excused)

    assert "Failed as its file expects until 2030-01-15: it moves to another house: AUT-001" in summary(run)
    assert "1 requirement failed as expected: AUT-001" in sentence(run)


def test_summary_ends_in_the_sentence_and_counts_each_level() -> None:
    """The summary says who was judged, counts levels apart, and ends in the sentence."""
    lines = summary(mixed(), "elsewhere")
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.startswith(("MUST", "SHOULD", "MAY", "checks"))}

    assert lines[0].startswith("Judged: the embedded stack (doors: canonical; mlflow 3.17.2)")
    assert rows["MUST"] == ["1", "0", "1", "0", "1", "0"]
    assert rows["SHOULD"] == ["0", "0", "0", "1", "0", "0"]
    assert rows["checks"] == ["1", "1", "1", "1", "1", "0"]
    assert "Not applicable here: 1 requirement, for 1 reason; index.html and verdicts.json name each" in lines
    assert "Untested: 1 requirement; index.html and verdicts.json name each" in lines
    assert any(line.startswith("Reports: elsewhere") for line in lines)
    assert lines[-1] == sentence(mixed())


def test_a_part_of_the_checks_is_told_in_short() -> None:
    """A green run of a part ends in two lines; of a red one what is red is told before them, without any table."""
    assert in_short(green(whole=False), "elsewhere") == [
        "Checks: 5 passed; full report: elsewhere/index.html",
        sentence(green(whole=False)),
    ]
    red = run_of(check("routes", Verdict.FAILED, "ROU-001", **seen()), exit_code=1, whole=False, leftovers=["model m"])
    lines = in_short(red)

    assert any(line.startswith("FAILED ROU-001 MUST") for line in lines)
    assert "Left behind: model m" in lines
    assert lines[-3:] == ["", "Checks: 1 failed; full report: reports/latest/index.html", sentence(red)]
    assert not [line for line in lines if line.startswith(("MUST", "Proof", "Untested", "Judged"))]
    assert in_brief(red) == lines[-2:]


def test_first_cause_comes_first_and_once() -> None:
    """Checks that saw the same share a block; broken MUSTs come before recommendations, commonest first."""
    text = "PUT http://127.0.0.1:{} -> 404 text/html in {} ms"
    routes = [check(f"r{n}", Verdict.FAILED, "ROU-001", actual=text.format(8000 + n, n + 1)) for n in range(6)]
    advice = [check(f"a{n}", Verdict.FAILED, "ERR-001", actual="no request id") for n in range(9)]
    lines = summary(run_of(*advice, check("k", Verdict.FAILED, "AUT-001", actual="200"), *routes, exit_code=1))
    heads = [line for line in lines if line.startswith("FAILED")]

    assert [head.split()[1] for head in heads] == ["ROU-001", "AUT-001", "ERR-001"]
    assert "  actual:   PUT http://127.0.0.1:8000 -> 404 text/html in 1 ms" in lines
    assert any(line.startswith("  the same in 5 more checks: test_area.py::test_r1") for line in lines)
    assert "  rerun:    pytest 'suites/contract/area/test_area.py::test_r0'" in lines


def test_many_causes_are_cut_short() -> None:
    """Of many different red checks, few are shown, and where the rest stands."""
    records = [check(f"c{n}", Verdict.FAILED, "ROU-001", actual=f"cause {chr(97 + n)}") for n in range(12)]
    lines = summary(run_of(*records, exit_code=1))

    assert sum(line.startswith("FAILED") for line in lines) == 5
    assert "and 7 more red checks: see reports/latest/verdicts.json" in lines


def test_faults_problem_and_leftovers_are_named() -> None:
    """Armed faults, the run's problem and what was left behind each have a line."""
    lines = summary(run_of(target={"faults": ["f-1", "f-2"]}, problem="no proxy", leftovers=["model m"], exit_code=6))

    assert {"Injected fault: f-1, f-2", "Problem: no proxy", "Left behind: model m"} <= set(lines)


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["# replaces all", "aws s3api one", "aws s3api two", "# and where", "aws s3api three"], 4),
        (['resource "aws_s3_bucket" "artifacts" {', "}"], 0),
    ],
)
def test_commands_that_mend_stand_whole_below_the_failure(lines: list[str], shown: int) -> None:
    """The first commands of a remedy are shown whole, with what they warn of; a configuration is left to its page."""
    notes = [{"kind": "note", "text": f"{MENDED_BY}{line}"} for line in lines]
    said = summary(run_of(check("one", Verdict.FAILED, "ROU-001", evidence=notes), exit_code=1))

    assert [line for line in lines if f"            {line}" in said] == lines[:shown]


def test_failure_reads_in_order() -> None:
    """A failure says requirement, expected, actual, where, evidence and the command, in that order."""
    text = render_failure([REGISTER["ROU-001"]], **seen(), evidence=EVIDENCE, rerun="pytest 'x::y'")
    lines = text.splitlines()
    labels = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]

    assert lines[0] == "ROU-001 MUST  The proxy routes artifact uploads."
    assert labels == ["expected:", "actual:", "where:", "evidence:", "rerun:"]
    assert "PUT http://127.0.0.1:8080/" in text
    assert "-> 404 text/html 207 B in 12 ms, request id req-7" in text
    assert "<title>404 Not Found</title>" in text
    assert lines[-1] == "  rerun:    pytest 'x::y'"


def test_failure_stays_short() -> None:
    """However much is known, a failure fits a screen, keeps the last exchange and the whole command."""
    last: ExchangeItem = {
        **EXCHANGE,
        "method": "GET",
        "response_body": {"size": 1, "sha256": "0", "text": "decisive " * 500},
    }
    rerun = "pytest 'suites/x.py::test_y[" + "z" * 400 + "]'"
    text = render_failure(list(REGISTER.values()), "e " * 900, "a " * 900, "w " * 900, (*EVIDENCE * 9, last), rerun)
    lines = text.splitlines()

    assert len(lines) <= 21
    assert max(len(line) for line in lines[:-1]) < 260
    assert "and 2 more requirements" in lines
    assert "GET http://127.0.0.1:8080/" in text
    assert "decisive" in text
    assert lines[-1].endswith(rerun)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": None, "error": "refused: no one there"}, "-> refused: no one there in 12 ms, request id req-7"),
        ({"error": "reset: cut"}, "-> 404 text/html 207 B [reset: cut] in 12 ms, request id req-7"),
        ({"seconds": 61.25, "request_id": ""}, "-> 404 text/html 207 B in 61.2 s"),
        ({"response_headers": []}, "-> 404 no content type 207 B in 12 ms, request id req-7"),
    ],
)
def test_exchange_line(change: dict[str, object], said: str) -> None:
    """An exchange in one line says what was asked, what was answered, and how long it took."""
    assert exchange_line(cast(ExchangeItem, {**EXCHANGE, **change})).endswith(said)


def test_last_line_has_the_cause_and_its_fix() -> None:
    """What is red ends in its first cause, how sure that is, and the fix; a note and an unknown cause are none."""
    cause = {
        "id": "x", "layer": "proxy", "cause": "a route is missing", "band": "certain", "alternative": False,
        "note": False, "observations": [], "remedy": "add it", "link": "", "requirements": [], "checks": [],
    }  # fmt: skip
    red = replace(mixed(), diagnosis=[cause])
    noted = replace(mixed(), diagnosis=[{**cause, "note": True}, {**cause, "id": "unknown"}])

    assert "a route is missing (certain, proxy); fix: add it" in sentence(red)
    assert "a route is missing" not in sentence(noted)
