"""Figures of a load: rates, percentiles by step and over time, the knee, resource usage, errors by responder."""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from registry_conformance.judge.load.history import OK, QUIET, STRANGER, Operation
from registry_conformance.judge.load.load_run import GENERATOR, FinishedLoad
from registry_conformance.judge.load.usage import Sample

_SIGMAS_OF_99 = 2.58
"""So many standard deviations to each side hold 99 of 100."""
_KNEE = 0.95
"""The knee is the first step that comes so near to the greatest rate."""
LEAST_OVERTAKEN = 0.05
"""The share of requests that later ones overtake at least, if requests are served side by side."""
_LATER = 25_000_000
"""So many nanoseconds later a request must have been sent: nearer ones may change places on their way."""
_FEWEST = 60
"""With fewer concurrent requests no share is reported."""
_SPANS = 40
"""The number of time spans of a load in charts."""
ASIDE = frozenset({QUIET, STRANGER, "experiment"})
"""Kinds of requests that are no user's."""
_BUSY, _LATE = 0.9, 0.1
"""The load generator is at its own end if it takes so much of a processor, or if its loop is so many seconds late."""


def median_within(values: Sequence[float]) -> tuple[float, float]:
    """Return a 99 % confidence interval of the median, by order statistics, for any distribution."""
    ordered, half = sorted(values), _SIGMAS_OF_99 * math.sqrt(len(values)) / 2
    low, high = math.floor(len(values) / 2 - half), math.ceil(len(values) / 2 + half)
    return ordered[max(low, 0)], ordered[min(high, len(values) - 1)]


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step or time span: ``users``, start and end in seconds, requests per second, percentiles.

    ``errors`` is the share of requests that failed.
    """

    users: int
    begins: float
    ends: float
    requests: int
    rate: float
    p50: float
    p95: float
    p99: float
    errors: float


@dataclass(frozen=True, slots=True)
class GeneratorFigures:
    """Load of the generator itself: CPU cores of its busiest process, and delay of its event loops in seconds.

    ``saturated`` says why the generator was the bottleneck, empty if it was not.
    """

    cpu: float
    lag: float
    saturated: str


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the values does not exceed, 0 if there are none (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def of_users(happened: FinishedLoad) -> list[Operation]:
    """Return the operations of the load's users that ended during it."""
    inside = (one for one in happened.history.operations if one.began >= happened.began)
    return [one for one in inside if one.kind not in ASIDE]


def steps(happened: FinishedLoad) -> list[StepFigures]:
    """Return the figures of each step, with its actual times."""
    marks = [(note.at, int(note.told["users"])) for note in happened.history.noted("step")]
    ends = [at for at, _ in marks[1:]] + [happened.over]
    return _of_spans(happened, [(users, at, end) for (at, users), end in zip(marks, ends, strict=True)])


def over_time(happened: FinishedLoad) -> list[StepFigures]:
    """Return the figures of equal time spans."""
    whole = max(1, happened.over - happened.began)
    edges = [happened.began + whole * number // _SPANS for number in range(_SPANS + 1)]
    marks = [(note.at, int(note.told["users"])) for note in happened.history.noted("step")]

    def users_at(moment: int) -> int:
        return next((users for at, users in reversed(marks) if at <= moment), 0)

    return _of_spans(happened, [(users_at(begin), begin, end) for begin, end in pairwise(edges)])


def by_kind(happened: FinishedLoad) -> dict[str, StepFigures]:
    """Return the figures of each kind of request."""
    kinds: dict[str, list[Operation]] = defaultdict(list)
    for one in of_users(happened):
        kinds[one.kind].append(one)
    seconds = (happened.over - happened.began) / 1e9
    most = max((step.users for step in steps(happened)), default=0)
    return {kind: _summed(found, most, 0.0, seconds) for kind, found in sorted(kinds.items())}


def overtaken(operations: Iterable[Operation]) -> float | None:
    """Return the share of requests that a later one overtook, of those during which one began that much later.

    If requests are served one at a time, nobody is overtaken. ``None`` if there are too few of these: where requests
    are short, and users few, hardly any could be overtaken.
    """
    found = sorted((one for one in operations if one.acknowledged), key=lambda one: one.began)
    begins = [one.began for one in found]
    first_end: list[int] = []
    for one in reversed(found):
        first_end.append(min(one.ended, first_end[-1]) if first_end else one.ended)
    first_end.reverse()
    together = passed = 0
    for place, one in enumerate(found):
        later = bisect.bisect_right(begins, one.began + _LATER, lo=place + 1)
        if later < len(found) and begins[later] < one.ended:
            together += 1
            passed += first_end[later] < one.ended
    return passed / together if together >= _FEWEST else None


def knee(found: Sequence[StepFigures]) -> StepFigures | None:
    """Return the first step close to the highest rate, ``None`` for a load without several steps."""
    if len(found) < 2:
        return None
    greatest = max(step.rate for step in found)
    return next(step for step in found if step.rate >= _KNEE * greatest)


def errors(happened: FinishedLoad) -> dict[str, int]:
    """Return (responder, status) -> number of unsuccessful responses."""
    failed = (one for one in of_users(happened) if one.outcome != OK)
    return dict(Counter(f"{one.status or 'no answer'}: {one.who or one.error[:60] or 'nobody'}" for one in failed))


def generator(happened: FinishedLoad) -> GeneratorFigures:
    """Return the load of the generator's own processes."""
    notes = [note for note in happened.history.noted("loop") if note.at >= happened.began]
    cpu = percentile([float(note.told["cpu"]) for note in notes], 0.9)
    lag = percentile([float(note.told["lag"]) for note in notes], 0.9)
    why = ""
    if cpu >= _BUSY:
        why = f"the load generator takes {cpu:.0%} of a processor"
    elif lag >= _LATE:
        why = f"the load generator's loop is {lag * 1000:.0f} ms late"
    hint = "; make the load with more workers, or from another machine"
    return GeneratorFigures(cpu, lag, why + hint * bool(why))


def saturation(happened: FinishedLoad) -> dict[str, dict[str, float]]:
    """Return part -> CPU cores (mean, max), MiB (first, last), most connections, during the load."""
    told = {}
    for part, samples in happened.usage.parts.items():
        during = [each for each in samples if happened.began <= each.at <= happened.over] or samples
        told[part] = {
            "cpu": round(fmean(each.cpu for each in during), 3),
            "most_cpu": round(max(each.cpu for each in during), 3),
            "memory_first": during[0].memory,
            "memory_last": during[-1].memory,
            "connections": max(each.connections for each in during),
        }
    return told


def growth(samples: Iterable[Sample]) -> float:
    """Return the memory growth after the warm-up: the last fifth of the samples over the second fifth, minus 1."""
    found = [each.memory for each in samples]
    fifth = len(found) // 5
    if fifth < 3:
        return 0.0
    return median(found[-fifth:]) / max(median(found[fifth : 2 * fifth]), 1.0) - 1


def parts_of(happened: FinishedLoad) -> list[str]:
    """Return the monitored parts of the target."""
    return [part for part in happened.usage.parts if part != GENERATOR]


def _of_spans(happened: FinishedLoad, spans: Iterable[tuple[int, int, int]]) -> list[StepFigures]:
    """Return the figures of time spans, each a number of users, its begin and its end."""
    found = sorted(of_users(happened), key=_moment)
    moments = [_moment(one) for one in found]
    told = []
    for users, begin, end in spans:
        inside = found[bisect.bisect_left(moments, begin) : bisect.bisect_left(moments, end)]
        told.append(_summed(inside, users, (begin - happened.began) / 1e9, (end - happened.began) / 1e9))
    return told


def _moment(one: Operation) -> int:
    """Return when an operation is counted: at its end, without one at its begin."""
    return one.ended or one.began


def _summed(found: Sequence[Operation], users: int, begins: float, ends: float) -> StepFigures:
    took = [one.seconds for one in found if one.acknowledged]
    failed = sum(not one.acknowledged and not one.error.startswith("never answered") for one in found)
    return StepFigures(
        users=users,
        begins=round(begins, 2),
        ends=round(ends, 2),
        requests=len(found),
        rate=round(len(took) / max(ends - begins, 1e-3), 2),
        p50=round(percentile(took, 0.5), 4),
        p95=round(percentile(took, 0.95), 4),
        p99=round(percentile(took, 0.99), 4),
        errors=round(failed / len(found), 4) if found else 0.0,
    )
