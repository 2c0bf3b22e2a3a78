"""What is judged of a load is what its history, its proof and its samples say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.judge.load.history import QUIET, STRANGER, History, Note, Operation
from registry_conformance.judge.load.linearizability import Linearizability
from registry_conformance.judge.load.load_run import FinishedLoad
from registry_conformance.judge.load.outcome import LoadOutcome
from registry_conformance.judge.load.place import Place
from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.load.proof import Proof
from registry_conformance.judge.load.usage import Sample, Usage
from registry_conformance.judge.target.target import Door, Target

SECOND = 10**9
OVER = 30 * SECOND
KEY = "hk_some_key"


def outcome(
    *operations: Operation,
    killed_at: int = 0,
    parts: dict[str, list[Sample]] | None = None,
    lag: float = 0.0,
    record: Path | None = None,
) -> LoadOutcome:
    """Return a load of half a minute in which this happened."""
    notes = (Note("step", 0, {"users": 4}), Note("loop", SECOND, {"cpu": 0.1, "lag": lag}))
    happened = FinishedLoad(
        plan=LoadPlan.parse("shape=soak users=4 kill=mlflow"),
        place=Place("run", "1", "r"),
        history=History(tuple(operations), notes),
        usage=Usage(parts or {}),
        began=0,
        over=OVER,
        killed_at=killed_at,
    )
    target = Target("a table", "live", (Door("canonical", "http://127.0.0.1:9"),), {"admin": KEY}, key_record=record)
    return LoadOutcome(target, happened, Proof(""), Linearizability(), ())


def met(status: int | None, kind: str = "search", at: int = SECOND, took: int = SECOND // 100) -> Operation:
    """Return a request that was answered with a status."""
    told = {200: "ok", None: "silent"}.get(status, "refused" if status and status < 500 else "failed")
    return Operation(f"{kind}-{at}-{status}", "u", kind, "k", began=at, ended=at + took, outcome=told, status=status)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (met(200), []),
        (met(500), ["1 x 500 ()"]),
        (met(429), ["1 x 429 () without Retry-After"]),
        (replace(met(429), retry=True), []),
        (replace(met(503), retry=True), []),
        (met(404), ["1 x 404 ()"]),
        (replace(met(None), error="timeout: nothing came"), ["1 x no answer (timeout: nothing came)"]),
        (replace(met(None), error="never answered: GreenletExit"), []),
        (met(500, QUIET), []),
    ],
)
def test_a_refusal_is_proper_if_it_says_when_to_come_again(one: Operation, said: list[str]) -> None:
    """Any other answer that is no success is told; a request that its own user gave up is none."""
    assert outcome(one).improper_refusals() == said


def test_what_fails_while_a_part_is_dead_is_no_improper_refusal() -> None:
    """From the death of a part until all is served again, failures are the outage; before it they are not."""
    before, during = met(502, at=2 * SECOND), (met(503, at=10 * SECOND), met(502, at=11 * SECOND))
    found = outcome(before, *during, met(200, at=20 * SECOND), killed_at=10 * SECOND)

    assert found.improper == [before]
    assert found.recovery == pytest.approx(1.01)


@pytest.mark.parametrize("kind", ["search", QUIET])
def test_a_good_key_that_is_refused_is_told(kind: str) -> None:
    """Whoever has a good key, the quiet client too, is not answered 401 or 403."""
    refused = replace(met(401, kind), error="401 by the proxy")

    assert outcome(refused, met(200)).refused_keys() == ["401 by the proxy"]
    assert outcome(met(404, kind), met(401, STRANGER)).refused_keys() == []


def test_a_bad_key_that_is_served_is_told() -> None:
    """A stranger who is answered is let in."""
    assert len(outcome(met(401, STRANGER), met(200, STRANGER)).let_in()) == 1
    assert outcome(met(401, STRANGER), met(200)).let_in() == []


def test_half_a_body_of_a_success_is_told() -> None:
    """A 200 whose body was cut is told."""
    half = replace(met(200), outcome="failed", error="reset: cut")

    assert outcome(half, met(200)).half_bodies() == ["reset: cut"]
    assert outcome(half, met(200), killed_at=SECOND).half_bodies() == []
    assert outcome(half, met(200), killed_at=9 * SECOND).half_bodies() == ["reset: cut"]


@pytest.mark.parametrize(("part", "told"), [("mlflow", ["mlflow: +50%"]), ("proxy", ["proxy: +50%"]), ("store", [])])
def test_a_part_that_grows_is_told(part: str, told: list[str]) -> None:
    """Memory after the warm-up is judged of the parts that keep nothing."""
    taken = [Sample(at, 0.0, 100.0 if at < 20 else 150.0, 0) for at in range(30)]

    assert outcome(parts={part: taken}).growing() == told


def test_questions_about_a_key_are_counted_by_the_time_that_a_cache_keeps(tmp_path: Path) -> None:
    """As many questions as cache times went by, and one more, are allowed."""
    record = tmp_path / "keys.jsonl"

    def asked(count: int) -> list[str]:
        line = json.dumps({"key_sha256": hashlib.sha256(KEY.encode()).hexdigest()})
        record.write_text(f"{line}\n" * count)
        return outcome(record=record).asked_too_often(cache=20.0)

    assert asked(3) == []
    assert asked(4) == ["4 questions about the admin key in 40 s, 3 allowed"]


def clients(mine: Sequence[float], theirs: Sequence[float]) -> LoadOutcome:
    """Return a load in which the quiet client and the users waited for so many seconds for the same request."""

    def made(kind: str, seconds: Sequence[float]) -> list[Operation]:
        return [met(200, kind, SECOND + place, int(took * SECOND)) for place, took in enumerate(seconds)]

    return outcome(*made(QUIET, mine), *made("get-alias", theirs))


def test_a_client_that_asks_little_is_compared_with_the_others() -> None:
    """Its median over theirs tells whether it is starved; of too few requests nothing is told."""
    found = clients([0.3] * 40, [0.1] * 40).quiet()

    assert found == pytest.approx((0.3, 0.1))
    assert clients([0.3] * 40, [0.1] * 9).quiet() is None


def test_a_quiet_client_that_is_not_answered_is_told() -> None:
    """A request of it that fails counts, unless a part is dead then, or the load over."""
    late = met(503, QUIET, at=OVER + SECOND)

    assert outcome(met(503, QUIET, at=5 * SECOND), met(200, QUIET), late).unanswered_quiet() == 1
    assert (
        outcome(met(503, QUIET, at=5 * SECOND), met(503, at=6 * SECOND), killed_at=4 * SECOND).unanswered_quiet() == 0
    )


def test_budgets_are_compared_with_what_was_reached() -> None:
    """Rate, percentiles and errors are those of the users' requests."""
    found = outcome(*(met(200, at=place * SECOND // 2, took=SECOND // 2) for place in range(58)), met(500, "log"))

    assert found.rate == pytest.approx(58 / 30, abs=0.01)
    assert found.error_share == pytest.approx(1 / 59)
    assert found.slow_kinds(0.4) == ["search: p95 0.500 s"]
    assert found.slow_kinds(0.6) == []


def test_a_generator_at_its_own_end_says_so() -> None:
    """A loop that is late makes the generator, and not the target, the bottleneck."""
    assert "loop is 200 ms late" in outcome(met(200), lag=0.2).generator.saturated
    assert outcome(met(200)).generator.saturated == ""
