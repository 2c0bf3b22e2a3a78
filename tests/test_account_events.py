"""Events of the bucket are followed to what they call: by topics, queues and EventBridge, asked and planned."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.events import Routes, called_by, is_about
from registry_conformance.judge.account.fact import Known, Unreadable
from registry_conformance.judge.account.observe.calls import observe_calls
from registry_conformance.judge.account.patterns import service_of
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.catalogue import ACCOUNT_CATALOGUE
from registry_conformance.lab.faults.accounts.fault import in_bucket
from tests.account.moto_account import ACCOUNT, DECLARED
from tests.account.plan_writer import plan_of

PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED
TOPIC, QUEUE, MACHINE = (f"arn:aws:{each}" for each in ("sns:r:1:t", "sqs:r:1:q", "states:r:1:stateMachine:m"))
FUNCTION = "arn:aws:lambda:r:1:function:f"


def test_ways_are_followed_to_their_ends() -> None:
    """A topic that a queue passes back to ends there; what is no function, and what may not be asked, is not known."""
    hears = {TOPIC: Known([QUEUE, MACHINE]), QUEUE: Known([FUNCTION, TOPIC])}
    routes = Routes(service_of, lambda arn: hears[arn], lambda _: Known(()))
    found = [(each.function, each.by, each.statements) for each in called_by([TOPIC], routes)]
    hidden = replace(routes, listeners=lambda _: Unreadable("AccessDenied"))

    assert found == [
        (FUNCTION, (TOPIC, QUEUE), Known(())),
        (MACHINE, (TOPIC,), Unreadable(f"what {MACHINE} does with an event is not looked at")),
    ]
    assert [each.statements for each in called_by([QUEUE], hidden)] == [Unreadable("AccessDenied")]


@pytest.mark.parametrize(
    ("pattern", "about"),
    [
        (None, False),
        ({"source": ["aws.s3"]}, True),
        ({"source": ["aws.ec2"]}, False),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": ["aws.s3"], "detail": {"bucket": {"name": ["another"]}}}, False),
        ({"source": ["aws.s3"], "detail": {"bucket": {"name": ["models"]}}}, True),
        ({"detail": {"bucket": {"name": [{"anything-but": "models"}]}}}, True),
    ],
)
def test_rules_that_take_events_of_the_bucket(pattern: dict[str, Any] | None, about: bool) -> None:
    """A rule is about the bucket unless its pattern says for sure that it is not; one on a schedule is not."""
    assert is_about(json.dumps(pattern) if pattern else None, "models") is about


def test_events_are_told_with_their_way() -> None:
    """The sentence names what the events go through, in its order."""
    fault = ACCOUNT_CATALOGUE["models-deleted-by-way-of-a-topic"]
    told = judge("INF-027", fault.change(promised(DECLARED), DECLARED), DECLARED).actual
    topic, queue = (f"arn:aws:{each}:eu-west-1:{ACCOUNT}:uploads" for each in ("sns", "sqs"))

    assert told.startswith(
        f"by {topic}, then {queue} the bucket calls arn:aws:lambda:eu-west-1:{ACCOUNT}:function:tidy-up"
    )


@pytest.mark.parametrize(("whole", "verdict"), [(True, FAILED), (False, INCONCLUSIVE)])
def test_queue_whose_arn_is_not_known_yet(tmp_path: Path, *, whole: bool, verdict: Verdict) -> None:
    """A queue that the plan makes is told by references; one that is made elsewhere may be listened to there."""
    fault = ACCOUNT_CATALOGUE["models-deleted-by-way-of-a-queue"]
    plan = plan_of(fault.change(promised(DECLARED), DECLARED), DECLARED, "new")
    for each in plan["resource_changes"]:
        values, unknown = each["change"]["after"], each["change"]["after_unknown"]
        if each["type"] in {"aws_sqs_queue", "aws_lambda_event_source_mapping"}:
            hidden = "arn" if each["type"] == "aws_sqs_queue" else "event_source_arn"
            values.pop(hidden)
            unknown[hidden] = True
        if each["type"] == "aws_s3_bucket_notification":
            values["queue"][0].pop("queue_arn")
            unknown["queue"] = [{"queue_arn": True}]
    if not whole:
        made = plan["planned_values"]["root_module"]["resources"]
        made[:] = [each for each in made if each["type"] != "aws_sqs_queue"]
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))

    assert judge("INF-027", *planned(PlannedAccount(file, DECLARED))).verdict is verdict


def test_queue_that_is_made_elsewhere_may_be_listened_to_there(tmp_path: Path) -> None:
    """A queue that the plan names and does not make has listeners that it does not show, unless it makes them."""
    fault = ACCOUNT_CATALOGUE["models-deleted-by-way-of-a-queue"]
    plan = plan_of(fault.change(promised(DECLARED), DECLARED), DECLARED)
    made = plan["planned_values"]["root_module"]["resources"]
    verdicts = []
    for kind in ("aws_sqs_queue", "aws_lambda_event_source_mapping"):
        made[:] = [each for each in made if each["type"] != kind]
        file = tmp_path / f"{kind}.json"
        file.write_text(json.dumps(plan))
        verdicts.append(judge("INF-027", *planned(PlannedAccount(file, DECLARED))).verdict)

    assert verdicts == [FAILED, INCONCLUSIVE]


class Notifying:
    """A client of S3 whose bucket notifies somebody."""

    def __init__(self, **notifies: Any) -> None:
        self.notifies = notifies

    def get_bucket_notification_configuration(self, **_: str) -> dict[str, Any]:
        """Return whom."""
        return self.notifies


@pytest.mark.parametrize(
    ("notifies", "verdict"),
    [
        ({}, PASSED),
        (
            {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": f"arn:aws:lambda:r:{ACCOUNT}:function:f"}]},
            INCONCLUSIVE,
        ),
        ({"QueueConfigurations": [{"QueueArn": "arn:minio:sqs::1:webhook"}]}, INCONCLUSIVE),
        ({"TopicConfigurations": [{"TopicArn": f"arn:aws:sns:r:{ACCOUNT}:t"}]}, INCONCLUSIVE),
    ],
)
def test_whom_nobody_was_asked_about_is_not_known(notifies: dict[str, Any], verdict: Verdict) -> None:
    """Without an account that is declared the bucket says whom it notifies, and not what they may do."""
    declared = replace(DECLARED, account="", role="")
    calls = observe_calls(lambda _: Notifying(**notifies), declared)

    assert judge("INF-027", in_bucket(calls=calls)(promised(DECLARED), DECLARED), declared).verdict is verdict
