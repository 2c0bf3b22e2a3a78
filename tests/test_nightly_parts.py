"""The parts of a night: its plan, its record, what changed, and who is told."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import write
from registry_conformance.proof.nightly.digest import body, changed, lines, news
from registry_conformance.proof.nightly.night import BusyError, NightRun, alone, begin, copy_run, nights, publish
from registry_conformance.proof.nightly.plan import NightlyPlan, NightlyPlanError
from registry_conformance.proof.nightly.result import Result, judged
from registry_conformance.proof.nightly.webhook import TRIES, tell
from tests.report_runs import green
from tests.tree import ROOT

GOOD = Result("a", "stack", 0, 60.0, "A third party can register a model here: all.", checks={"passed": 3})
BAD = Result("b", "stack", 1, 60.0, "Do not ship: [1] failed.", red=("ROU-001",), causes=("no route (proxy)",))


def shift(folder: Path, *results: Result, finished: str = "2026-01-02T04:00:00+00:00") -> NightRun:
    """Return a night with these results."""
    return NightRun(folder, "2026-01-02T03:00:00+00:00", results, finished)


def test_nights_of_one_second_are_apart_and_in_order(tmp_path: Path) -> None:
    """Kind: a record that covers another. Nights that begin in the same second have a folder each, in their order."""
    begun = [begin(tmp_path) for _ in range(5)]
    assert [night.folder for night in nights(tmp_path)] == [night.folder for night in begun]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lists no [[target]]"),
        ("keep = [", "not valid TOML"),
        ("kep = 3", "'kep' is unknown"),
        ("[[target]]\nname = 'A B'\nproof = true", "target 1: a name is small letters"),
        ("[[target]]\nname = 'a'", "(a): needs exactly one of stack, environment, proof"),
        ("[[target]]\nname = 'a'\nproof = true\nstack = 'docker'", "needs exactly one of"),
        ("[[target]]\nname = 'a'\nproof = true\noptions = '-x'", "options is a list of texts"),
        ("[[target]]\nname = 'a'\nproof = true\nminutes = 0", "minutes is a positive number"),
        ("[[target]]\nname = 'a'\nproof = true\nextra = 1", "'extra' is unknown"),
        ("[[target]]\nname = 'a'\nproof = true\n" * 2, "two targets are called 'a'"),
        ("keep = 0\n[[target]]\nname = 'a'\nproof = true", "keep is a number of nights"),
        ("[[target]]\nname = 'a'\nproof = true\nminutes = inf", "minutes is a positive number, at most 10,080"),
        ("[[target]]\nname = 'a'\nproof = true\nminutes = " + "9" * 5000, "a number in it has too many digits"),
        ("x = " + "[" * 3000, "nested too deeply"),
        ("webhook = 'https://h/secret'\n[[target]]\nname = 'a'\nproof = true", "the address itself is a secret"),
    ],
)
def test_bad_plan_is_named(text: str, words: str, tmp_path: Path) -> None:
    """What is wrong with a plan is told with its file and place."""
    file = tmp_path / "nightly.toml"
    file.write_text(text)
    with pytest.raises(NightlyPlanError) as problem:
        NightlyPlan.read(file)
    assert words in str(problem.value)
    assert str(problem.value).startswith("nightly.toml")


def test_our_own_plan_can_be_read(tmp_path: Path) -> None:
    """The plan of the project is valid; each target's command names suite, reports and run."""
    plan = NightlyPlan.read(ROOT / "nightly.toml")
    commands = {job.name: " ".join(job.command(tmp_path, "verify-1")[1:]) for job in plan.jobs}

    assert "suites/local --stack=embedded" in commands["embedded-moto"]
    assert f"--report-dir={tmp_path} --run-id=verify-1 --store=moto" in commands["embedded-moto"]
    assert commands["proof"].endswith(f"-m registry_conformance prove --report-dir={tmp_path}")
    with pytest.raises(NightlyPlanError, match="--only=x: no such target; known: embedded-minio"):
        plan.chosen(["x"])


def test_environment_is_run_as_a_live_target(tmp_path: Path) -> None:
    """A named environment is judged by the live suite."""
    file = tmp_path / "nightly.toml"
    file.write_text("[[target]]\nname = 'x'\nenvironment = 'staging'")

    assert NightlyPlan.read(file).jobs[0].command(tmp_path, "r-1")[3:5] == ["suites/live", "--env=staging"]


def test_gravest_code_is_the_nights(tmp_path: Path) -> None:
    """A failed target outranks one that could not be verified, which outranks one if nothing was."""
    codes = {(0, 0): 0, (0, 6, 1): 1, (5, 6): 6, (7, 0): 7, (4, 5): 4, (): 0}

    for found, gravest in codes.items():
        results = [replace(GOOD, exit_code=code) for code in found]
        assert shift(tmp_path, *results).exit_code == gravest, found


def test_change_is_another_end_or_other_requirements(tmp_path: Path) -> None:
    """A target changed where its exit code or red requirements did since it was last judged; a new one if not good."""
    before = shift(tmp_path, GOOD, BAD)
    other = replace(BAD, red=("ROU-001", "ROU-002"), seconds=1.0)

    assert changed(before, []) == ("b",)
    assert changed(shift(tmp_path, replace(GOOD, seconds=1.0), BAD), [before]) == ()
    assert changed(shift(tmp_path, GOOD, other), [before]) == ("b",)
    assert changed(shift(tmp_path, replace(GOOD, exit_code=6), BAD), [before]) == ("a",)
    assert changed(before, [before, shift(tmp_path, BAD)]) == ()
    assert changed(before, [before, shift(tmp_path, other)]) == ("b",)


def test_what_was_not_heard_is_told_again(tmp_path: Path) -> None:
    """A change that a chat tool could not be told is news in each night until it can, and not after that."""
    quiet = shift(tmp_path, GOOD, BAD)
    change = replace(quiet, changed=("b",))
    unheard, still = (
        replace(change, told="could not be told: it answered 503"),
        replace(quiet, told="could not be told"),
    )

    assert news(change, []) == ("b",)
    assert news(quiet, [change, unheard]) == ("b",)
    assert news(quiet, [unheard, still]) == ("b",)
    assert news(quiet, [unheard, replace(change, told="told")]) == ()


def test_digest_and_body_tell_the_same(tmp_path: Path) -> None:
    """The digest has every target, changes first; the body for a chat tool has the words of those that changed."""
    night = replace(shift(tmp_path / "night-1", GOOD, BAD), changed=("b",))
    digest = "\n".join(lines(night))
    sent = body(night, night.changed)

    assert "1 of 2 targets are fit to serve" in digest
    assert digest.index("Changed since the last time: b.") < digest.index("❌ b") < digest.index("cause: no route")
    assert sent["text"].splitlines() == [
        "night-1: changed: b",
        "❌ b: Do not ship: [1] failed. Cause: no route (proxy).",
    ]
    assert [each["exit_code"] for each in sent["targets"]] == [0, 1]
    assert len(json.dumps(sent)) < 1000


def test_night_is_read_back_and_old_ones_go(tmp_path: Path) -> None:
    """A written night comes back equal; only the newest stay, ``latest`` is the last, a damaged record is left out."""
    for number in range(4):
        shift(tmp_path / "nights" / f"night-{number}", GOOD, BAD).write()
    (tmp_path / "nights" / "night-2" / "night.json").write_text("{")
    found = nights(tmp_path)

    assert [night.folder.name for night in found] == ["night-0", "night-1", "night-3"]
    assert found[0].results == (GOOD, BAD)
    assert [folder.name for folder in publish(found[-1], keep=2)] == ["night-0", "night-1"]
    assert (tmp_path / "nights" / "latest").resolve().name == "night-3"


def test_proof_of_this_night_is_told(tmp_path: Path) -> None:
    """A proof says what it caught and what it did not; one that was there before, or broke off, is not this night's."""
    job = NightlyPlan.read(ROOT / "nightly.toml").chosen(["proof"])[0]
    faults = [{"name": name, "caught": name == "one"} for name in ("one", "two", "three")]
    summary = {"faults": 3, "caught": 1, "false_alarms": []}
    proof = {"run": "prove-1", "summary": summary, "faults": faults, "finished": datetime.now(UTC).isoformat()}
    (tmp_path / "faults.json").write_text(json.dumps(proof))
    told = judged(job, tmp_path, "", 1, 60.0, "")

    assert told.sentence == "1 of 3 faults caught, 0 false alarms: not caught: two, three"
    assert (told.run, told.red, told.mood) == ("prove-1", ("two", "three"), "bad")
    assert judged(job, tmp_path, "", 6, 60.0, "").run == ""
    (tmp_path / "faults.json").write_text(json.dumps({**proof, "finished": "2026-01-02T03:00:00+00:00"}))
    earlier = judged(job, tmp_path, "", 0, 60.0, "")
    assert (earlier.sentence.partition(";")[0], earlier.exit_code, earlier.mood) == ("It left no report", 5, "doubt")


def test_run_that_proves_little_is_not_good(tmp_path: Path) -> None:
    """A run that ended well is not good where it left no report, or half a one, or did not judge every MUST."""
    job = NightlyPlan.read(ROOT / "nightly.toml").jobs[0]

    assert judged(job, tmp_path, "verify-1", 0, 1.0, "").exit_code == 5
    (tmp_path / "runs" / "verify-1").mkdir(parents=True)
    (tmp_path / "runs" / "verify-1" / "verdicts.json").write_text('{"schema": "verdicts.v2"')
    assert judged(job, tmp_path, "verify-1", 0, 1.0, "").mood == "doubt"
    assert judged(job, tmp_path, "verify-1", 1, 1.0, "").exit_code == 1
    write(green(skip=["ART-001"]), tmp_path / "runs" / "verify-2", Redactor(()))
    part = judged(job, tmp_path, "verify-2", 0, 1.0, "")
    assert (part.exit_code, part.partly, part.mood) == (0, True, "doubt")


def test_run_is_kept_by_its_night(tmp_path: Path) -> None:
    """A night keeps the files of a run when the run's own folder is pruned."""
    run = tmp_path / "run"
    (run / "allure-results").mkdir(parents=True)
    (run / "index.html").write_text("page")
    (run / "allurerc.json").write_text("{}")
    for _ in range(2):
        copy_run(run, tmp_path / "night" / "a")
    (run / "index.html").unlink()

    assert [file.name for file in (tmp_path / "night" / "a").iterdir()] == ["index.html"]
    assert (tmp_path / "night" / "a" / "index.html").read_text() == "page"


def test_only_one_night_at_a_time(tmp_path: Path) -> None:
    """The lock refuses a second night, says who has it, and is free once the first and its runs have ended."""
    with (
        alone(tmp_path),
        pytest.raises(BusyError, match=r"another night is under way in .*: process \d+, since"),
        alone(tmp_path),
    ):
        pass
    with alone(tmp_path) as lock:
        run = subprocess.Popen(["sleep", "30"], pass_fds=(lock,))
    with pytest.raises(BusyError), alone(tmp_path):  # its run is still there
        pass
    run.kill()
    run.wait()
    with alone(tmp_path):
        pass


@contextmanager
def chat(*statuses: int) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Serve a chat tool that answers with these statuses in turn; yield its address and what it was told."""
    told: list[dict[str, object]] = []
    left = list(statuses)

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the console quiet."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook/a-secret-of-ours", told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_webhook_is_tried_again() -> None:
    """A tool that is busy or down for a moment is told in the end, after the wait that it asked for."""
    waits: list[float] = []
    with chat(503, 429) as (url, told):
        assert tell(url, {"text": "x"}, waits.append) == "told after 3 tries"
    assert told == [{"text": "x"}] * 3
    assert waits == [7.0, 7.0]


def test_webhook_that_refuses_is_left_alone() -> None:
    """A refusal is not repeated, an outage is not repeated for ever, and no word of either holds the address."""
    waits: list[float] = []
    with chat(404) as (url, told):
        assert tell(url, {}, waits.append) == "could not be told: it answered 404"
    assert (len(told), waits) == (1, [])
    gone = tell(url, {}, waits.append)
    assert gone.startswith("could not be told: ConnectError")
    assert waits == [1.0, 2.0, 4.0, 8.0][: TRIES - 1]
    for anomalies in ("no-address-at-all-secret", "ftp://a-secret-of-ours/x"):
        said = tell(anomalies, {}, waits.append)
        assert said.startswith("could not be told: ")
        assert "secret" not in said
