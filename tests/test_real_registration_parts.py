"""What a real registration is made of: waiting for steps, watching logs, telling steps."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.clients.log_watch import Line, LogWatch
from registry_conformance.judge.clients.registration import PlannedRegistration
from registry_conformance.judge.clients.registration_progress import RegistrationProgress
from registry_conformance.judge.clients.sdk_registration import DIARY, RegistrationPlan, SdkRegistration
from registry_conformance.judge.expect import Mismatch, PreconditionFailed
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.summary import conclusion
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.target import Door, LogGroup
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session.step_reporter import StepReporter

PLAN = RegistrationPlan("sklearn", "e", "m", "champion", {})


class Paced(IsolatedProcess):
    """Makes a journey of given steps in this process; each waits to be let go."""

    def __init__(self, steps: list[str], problem: str) -> None:
        self._steps, self._problem = steps, problem
        self.go = threading.Semaphore(0)

    def call(self, function: Callable[..., object], *args: object, timeout: float = 60.0) -> SdkRegistration:  # type: ignore[override]  # one kind of work only
        """Make the journey."""
        del function, timeout
        developer = args[0]
        assert isinstance(developer, Developer)
        sdk_registration = SdkRegistration(PLAN, diary=developer.home / DIARY)
        for step in self._steps:
            self.go.acquire(timeout=10)
            sdk_registration.done(step)
        sdk_registration.problem = self._problem
        return sdk_registration


def walking(home: Path, steps: list[str], problem: str = "") -> tuple[RegistrationProgress, Paced]:
    """Begin a walk of these steps."""
    isolated = Paced(steps, problem)
    return RegistrationProgress(
        PlannedRegistration(isolated, Developer(Door("d", "http://x"), "key", home, "run"), PLAN)
    ), isolated


def test_step_is_waited_for_and_no_longer(tmp_path: Path) -> None:
    """Step is waited for, and no longer."""
    walk, isolated = walking(tmp_path, ["experiment", "run"])
    isolated.go.release()
    walk.until("experiment")
    under_way = (tmp_path / DIARY).read_text()
    isolated.go.release()
    walk.until("run")

    assert under_way == "experiment\n"
    assert walk.end().reached == ["experiment", "run"]


def test_failed_step_fails_and_those_after_it_stand_on_it(tmp_path: Path) -> None:
    """Failed step fails, and those after it stand on it."""
    walk, isolated = walking(tmp_path, ["experiment", "run"], "after run: no room")
    isolated.go.release(2)
    walk.until("run")

    with pytest.raises(Mismatch, match="no room"):
        walk.until("params")
    with pytest.raises(PreconditionFailed, match="'params' failed"):
        walk.until("artifacts")
    with pytest.raises(PreconditionFailed, match="'params' failed"):
        walk.whole()


@pytest.mark.parametrize(
    "text",
    [
        "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject operation",
        '10.0.0.7 - "PUT /api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/model.pkl HTTP/1.1" 404',
        '{"method": "PUT", "path": "/api/2.0/mlflow-artifacts/artifacts/1/a", "status": 503, "ms": 4}',
        "2026-01-01 ERROR mlflow.server: artifact upload failed",
    ],
)
def test_artifact_error_is_told_from_its_line(text: str) -> None:
    """Artifact error is told from its line."""
    assert Line("mlflow", text).artifact_error


@pytest.mark.parametrize(
    "text",
    [
        '10.0.0.7 - "PUT /api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/model.pkl HTTP/1.1" 200',
        '{"method": "PUT", "path": "/api/2.0/mlflow-artifacts/artifacts/1/a", "status": 200, "ms": 503}',
        '{"method": "GET", "path": "/api/2.0/mlflow/runs/get", "status": 404, "ms": 4}',
        "INFO uploaded artifact model.pkl",
    ],
)
def test_ordinary_line_is_no_artifact_error(text: str) -> None:
    """Ordinary line is no artifact error."""
    assert not Line("mlflow", text).artifact_error


def test_log_file_is_read_from_the_watch_on(tmp_path: Path) -> None:
    """Log file is read from the watch on, from its start if it was rotated."""
    log = tmp_path / "mlflow.log"
    log.write_text("yesterday run-1\n")
    watch = LogWatch({"mlflow": log}, {})
    with log.open("a") as opened:
        opened.write("today run-1\n")
    after = watch.naming(["run-1"])
    log.write_text("new run-1\n")

    assert after == [Line("mlflow", "today run-1")]
    assert watch.naming(["run-1"]) == [Line("mlflow", "new run-1")]


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """The URL of a server that stands for AWS."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def test_log_group_is_read_from_the_watch_on(aws: str) -> None:
    """Log group is read from the watch on."""
    import time  # noqa: PLC0415 - for the events' own moments

    client = boto3.client(
        "logs",
        region_name="us-east-1",
        endpoint_url=aws,
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
    )
    client.create_log_group(logGroupName="/ecs/mlflow")
    client.create_log_stream(logGroupName="/ecs/mlflow", logStreamName="one")
    watch = LogWatch({}, {"mlflow": LogGroup("/ecs/mlflow", "us-east-1", "AKIAEXAMPLE", "secret", endpoint=aws)})
    now = int(time.time() * 1000)
    events = [(now - 60_000, "before run-1"), (now, "during run-1"), (now, "another's")]
    client.put_log_events(
        logGroupName="/ecs/mlflow",
        logStreamName="one",
        logEvents=[{"timestamp": at, "message": message} for at, message in events],
    )

    assert watch.naming(["run-1"]) == [Line("mlflow", "during run-1")]


def test_missing_log_group_is_told(aws: str) -> None:
    """Missing log group is told."""
    watch = LogWatch({}, {"mlflow": LogGroup("/ecs/none", "us-east-1", "AKIAEXAMPLE", "secret", endpoint=aws)})

    with pytest.raises(PreconditionFailed, match="the log group /ecs/none to be readable"):
        watch.lines()


def step(number: int, verdict: Verdict, requirement: str = "REG-001", actual: str = "A") -> CheckRecord:
    """Return what became of a step."""
    claim = f"Step {number} works."
    return CheckRecord(f"t::{number}", (requirement,), verdict, 0.1, claim=claim, expected="E", actual=actual)


def test_narrator_tells_each_step_with_its_number() -> None:
    """Narrator tells each step with its number."""
    out = io.StringIO()
    narrator = StepReporter(out)
    items = [
        type("Item", (), {"nodeid": f"t::{n}", "function": test_narrator_tells_each_step_with_its_number})
        for n in (1, 2)
    ]
    narrator.pytest_collection_finish(type("Session", (), {"items": items}))
    for number, verdict in ((1, Verdict.PASSED), (2, Verdict.FAILED)):
        narrator.pytest_runtest_logstart(f"t::{number}")
        narrator.done(step(number, verdict))
    lines = out.getvalue().splitlines()

    assert lines[0].startswith(" 1/2  Narrator tells each step with its number ")
    assert lines[0].split()[-3:] == ["ok", "0.1", "s"]
    assert lines[2:] == ["       expected: E", "       actual:   A"]


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([Verdict.PASSED, Verdict.PASSED], "A model can be registered on staging, and was loaded back"),
        ([Verdict.PASSED, Verdict.INAPPLICABLE], "not tested: step 2 (A)."),
        ([Verdict.INAPPLICABLE, Verdict.INAPPLICABLE], "Nobody tried to register a model on staging"),
        (
            [Verdict.FAILED, Verdict.INCONCLUSIVE],
            "No model can be registered on staging; what failed is step 1: Step 1 works.",
        ),
        (
            [Verdict.PASSED, Verdict.INCONCLUSIVE],
            "Could not tell whether a model can be registered on staging; what could not be judged is step 2",
        ),
    ],
)
def test_last_sentence_says_whether_a_model_can_be_registered(verdicts: list[Verdict], said: str) -> None:
    """Last sentence says whether a model can be registered."""
    records = [step(number, verdict) for number, verdict in enumerate(verdicts, 1)]

    assert said in conclusion(told(*records))[-1]


def told(*records: CheckRecord, problem: str = "", exit_code: int = 0) -> RunRecord:
    """Return a run of these steps on staging."""
    register, target = Register({}, "v"), {"name": "staging"}
    return RunRecord("r", "1", register, target, "", "", 1.0, exit_code, problem=problem, records=list(records))


def test_way_that_was_found_is_no_registration() -> None:
    """Way that was found is no registration: what was not tried is not said to work."""
    way, walked = (step(1, Verdict.PASSED, "RCH-001"), step(2, Verdict.INAPPLICABLE, actual="it is read-only"))

    assert conclusion(told(way, walked, exit_code=5))[-1].endswith("nobody knows whether one can be: it is read-only.")


def test_registered_model_that_is_not_in_the_bucket_is_told_as_such() -> None:
    """Registered model that is not in the bucket is told as such."""
    said = conclusion(told(step(1, Verdict.PASSED), step(2, Verdict.FAILED, "REG-008"), exit_code=1))[-1]

    assert said.startswith("A model was registered on staging, but cannot be relied on; what failed is step 2")


def test_run_that_broke_off_could_not_tell() -> None:
    """Run that broke off could not tell, though a step is red."""
    said = conclusion(told(step(1, Verdict.FAILED, "RCH-001"), problem="nobody answers there", exit_code=6))[-1]

    assert said == "Could not tell whether a model can be registered on staging: nobody answers there."


def test_steps_that_stand_on_the_same_say_it_once() -> None:
    """Steps that stand on the same say it once; a long reason is wrapped."""
    out = io.StringIO()
    narrator = StepReporter(out)
    for number in (1, 2, 3):
        narrator.done(step(number, Verdict.INCONCLUSIVE, actual="the step before failed"))
    narrator.done(step(4, Verdict.PASSED))
    narrator.done(step(5, Verdict.FAILED, actual="long " * 60))
    lines = out.getvalue().splitlines()

    assert [line.strip() for line in lines].count("the step before failed") == 1
    assert "" not in lines
    assert max(map(len, lines)) <= 116
