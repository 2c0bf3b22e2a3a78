"""What a bucket calls, made by the API: functions with their roles, and topics, queues and rules on the way to them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.patterns import service_of
from registry_conformance.judge.account.state import BucketState, Called, RoleState
from registry_conformance.judge.account.statement import Statement
from tests.account.moto_account import ACCOUNT, Account

PATTERN = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
_NOTIFIED = {
    "lambda": ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
    "sqs": ("QueueConfigurations", "QueueArn"),
    "sns": ("TopicConfigurations", "TopicArn"),
}


def make_calls(account: Account, bucket: BucketState, make_role: Callable[[Any, RoleState], None]) -> None:
    """Make what the bucket calls, each function with a role of its own, and have the bucket call it."""
    assert isinstance(bucket.calls, Known)
    whole: dict[str, Any] = {}
    for each in bucket.calls.value:
        _function(account, each, make_role)
        ways = (*each.by, each.function)
        for arn, heard_by in itertools.pairwise(ways):
            _on_the_way(account, arn, heard_by)
        if service_of(ways[0]) == "events":
            whole["EventBridgeConfiguration"] = {}
        else:
            kind, attribute = _NOTIFIED[service_of(ways[0])]
            whole.setdefault(kind, []).append({attribute: ways[0], "Events": ["s3:ObjectCreated:*"]})
    if whole:
        account.client("s3").put_bucket_notification_configuration(Bucket=bucket.name, NotificationConfiguration=whole)


def _function(account: Account, called: Called, make_role: Callable[[Any, RoleState], None]) -> None:
    name = called.function.rpartition(":")[2]
    trust = Known((Statement(actions=("sts:AssumeRole",), principals=("Service:lambda.amazonaws.com",)),))
    role = RoleState(f"arn:aws:iam::{ACCOUNT}:role/{name}", trust, called.statements)
    make_role(account.client("iam"), role)
    account.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role.arn,
        Handler="tidy.up",
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )


def _on_the_way(account: Account, arn: str, heard_by: str) -> None:
    """Make a topic, a queue or a rule, and have something listen to it; a queue behind a topic is made before it."""
    name = arn.rpartition(":")[2]
    if service_of(heard_by) == "sqs":
        account.client("sqs").create_queue(QueueName=heard_by.rpartition(":")[2])
    if service_of(arn) == "sqs":
        account.client("sqs").create_queue(QueueName=name)
        account.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=heard_by)
    elif service_of(arn) == "sns":
        account.client("sns").create_topic(Name=name)
        account.client("sns").subscribe(TopicArn=arn, Protocol=service_of(heard_by), Endpoint=heard_by)
    else:
        rule = name.removeprefix("rule/")
        account.client("events").put_rule(Name=rule, EventPattern=json.dumps(PATTERN))
        account.client("events").put_targets(Rule=rule, Targets=[{"Id": "heard", "Arn": heard_by}])
