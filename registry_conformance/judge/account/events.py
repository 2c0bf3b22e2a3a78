"""Where the events of a bucket go: through topics, queues and EventBridge rules, to the final receivers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry_conformance.judge.account.fact import Fact, Known, Pending, Unreadable
from registry_conformance.judge.account.state import Called
from registry_conformance.judge.account.statement import Statement

_STORES = {"logs", "kinesis", "firehose", "events"}
"""Services that keep or pass on an event, and touch no object."""
_PASSES_ON = {"sns", "sqs"}


@dataclass(frozen=True, slots=True)
class Routes:
    """How to ask where events go on from a name, as an ARN: its service, its listeners, what it may do.

    ``listeners`` are asked of topics and queues, ``rights`` of functions.
    """

    service: Callable[[str], str]
    listeners: Callable[[str], Fact[list[str]]]
    rights: Callable[[str], Fact[tuple[Statement, ...]]]


def called_by(targets: Iterable[str], routes: Routes, by: tuple[str, ...] = ()) -> Iterator[Called]:
    """Yield the final receivers of events from some targets; no topic or queue is visited twice on one path.

    A receiver that is not a function, or that is behind something unreadable, has unreadable rights.
    """
    for target in targets:
        service = routes.service(target)
        if service == "lambda":
            yield Called(target, routes.rights(target), by)
        elif service in _PASSES_ON and target not in by:
            listeners = routes.listeners(target)
            if isinstance(listeners, Known):
                yield from called_by(listeners.value, routes, (*by, target))
            else:
                why = listeners if isinstance(listeners, Unreadable | Pending) else Unreadable(f"{target} is not read")
                yield Called(f"what listens to {target}", why, by)
        elif service not in _STORES | _PASSES_ON:
            yield Called(target, Unreadable(f"what {target} does with an event is not looked at"), by)


def is_about(pattern: str | None, bucket: str) -> bool:
    """Return whether an EventBridge rule with that pattern may match events of a bucket; invalid JSON may."""
    try:
        found = json.loads(pattern or "null")
    except (ValueError, RecursionError):
        return True
    if not isinstance(found, Mapping):
        return found is not None
    detail = found.get("detail")
    named = detail.get("bucket") if isinstance(detail, Mapping) else None
    name = named.get("name") if isinstance(named, Mapping) else None
    return _takes(found.get("source"), "aws.s3") and _takes(name, bucket)


def _takes(wanted: Any, value: str) -> bool:
    """Return whether an element of a pattern matches a value; anything more than a list of texts may."""
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
        return True
    return value in wanted
