"""The resources of a plan by which a bucket calls functions: at once, or by topics, queues and EventBridge."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.patterns import service_of
from registry_conformance.judge.account.state import BucketState, RoleState
from registry_conformance.judge.account.statement import Statement
from tests.account.plan_part import Part
from tests.account.realise_calls import PATTERN

_BLOCKS = {"lambda": "lambda_function", "sqs": "queue", "sns": "topic"}


def calls_of(bucket: BucketState, role_of: Callable[[RoleState], Iterator[Part]]) -> Iterator[Part]:
    """Yield the functions that a bucket calls with their roles, what is on the way, and the notification."""
    assert isinstance(bucket.calls, Known)
    notifies: dict[str, Any] = {"lambda_function": [], "topic": [], "queue": [], "eventbridge": False}
    for each in bucket.calls.value:
        name = each.function.rpartition(":")[2]
        trust = Known((Statement(actions=("sts:AssumeRole",), principals=("Service:lambda.amazonaws.com",)),))
        arn = f"arn:aws:iam::123456789012:role/{name}"
        yield from role_of(RoleState(arn, trust, each.statements))
        runs = {"function_name": name, "arn": each.function, "role": arn}
        yield Part("aws_lambda_function", runs, ("id", "version"), label=name)
        ways = (*each.by, each.function)
        for arn, heard_by in itertools.pairwise(ways):
            yield from _on_the_way(arn, heard_by)
        if service_of(ways[0]) == "events":
            notifies["eventbridge"] = True
        else:
            block = _BLOCKS[service_of(ways[0])]
            notifies[block].append({f"{block}_arn": ways[0], "events": ["s3:ObjectCreated:*"]})
    if bucket.calls.value:
        yield Part("aws_s3_bucket_notification", notifies, ("id",), {"bucket": "aws_s3_bucket"})


def _on_the_way(arn: str, heard_by: str) -> Iterator[Part]:
    """Yield a topic, a queue or a rule, and what has the next one listen to it."""
    name = arn.rpartition(":")[2].removeprefix("rule/")
    if service_of(arn) == "sqs":
        yield Part("aws_sqs_queue", {"name": name, "arn": arn}, ("id", "url"))
        maps = {"event_source_arn": arn, "function_name": heard_by, "enabled": True}
        yield Part("aws_lambda_event_source_mapping", maps, ("id", "uuid"))
    elif service_of(arn) == "sns":
        yield Part("aws_sns_topic", {"name": name, "arn": arn}, ("id",))
        subscribes = {"topic_arn": arn, "protocol": service_of(heard_by), "endpoint": heard_by}
        yield Part("aws_sns_topic_subscription", subscribes, ("id",))
    else:
        rule = {"name": name, "arn": arn, "event_pattern": json.dumps(PATTERN), "state": "ENABLED"}
        yield Part("aws_cloudwatch_event_rule", rule, ("id",))
        yield Part("aws_cloudwatch_event_target", {"rule": name, "arn": heard_by}, ("id",))
