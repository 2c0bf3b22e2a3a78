"""What is slow is told from what waits for a machine that is busy itself."""

from __future__ import annotations

import itertools

import pytest

from registry_conformance.judge.diagnosis.budget import Budget, Machine
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes import reachability
from registry_conformance.judge.diagnosis.probes.latency import Timed, fastest
from registry_conformance.judge.diagnosis.probes.reachability import SLOW, record_latency
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.target import Door, Target

DOOR = Door("given", "http://127.0.0.1:9")


class StretchedMachine(Machine):
    """A machine on which work takes so many times as long as it should."""

    def __init__(self, stretch: float) -> None:
        super().__init__()
        self._set = stretch

    @property
    def stretch(self) -> float:
        """What was set."""
        return self._set


def budget_on(stretch: float) -> Budget:
    """Return a budget on such a machine."""
    budget = Budget()
    budget.machine = StretchedMachine(stretch)
    return budget


def timed(stretch: float, *seconds: float, status: int | None = 200) -> tuple[str, int]:
    """Return what is told of requests that take so long, one after the other, and how many were asked."""
    context = ProbeContext(Target("x", "live", (DOOR,), {}), "run", Facts(), budget_on(stretch), DOOR)
    answers = [Exchange("GET", "/", "given", status, seconds=each) for each in seconds]
    left = iter(answers)
    found = fastest(context, SLOW, lambda: next(left))
    record_latency(context, "pace.search.P", "a search", found.exchange, sure=found.sure)
    return context.facts.value("pace.search.P"), len(answers) - len(list(left))


def test_what_is_slow_each_time_is_slow_on_a_busy_machine_too() -> None:
    """A search takes 0.7 s however often it is asked: no luck with the processor makes it fast."""
    assert timed(1.0, *[0.7] * 8) == ("slow 1 s", 3)
    assert timed(9.0, *[0.7] * 8) == ("slow 1 s", 8)


def test_work_that_varies_on_a_busy_machine_is_not_told() -> None:
    """A password is hashed for a while, and for longer where others work: what differs so much each time is no wait."""
    assert timed(9.0, 0.9, 2.0, 0.7, 1.8, 0.8, 1.5, 2.2, 0.9) == ("", 8)


def test_what_is_fast_once_is_fast() -> None:
    """Of several the fastest counts, and nothing more is asked after it."""
    assert timed(9.0, 0.9, 0.6, 0.1, 0.9) == ("fast", 3)
    assert timed(1.0, 0.1) == ("fast", 1)


def test_what_a_busy_machine_may_explain_is_not_told() -> None:
    """A little more than what is slow, on a machine on which all takes longer: nothing can be concluded."""
    assert timed(9.0, *[0.4] * 8) == ("", 8)


def test_what_was_slow_once_with_no_time_for_another_counts_as_it_came() -> None:
    """Nothing more may be sent after the first: it is told on a quiet machine, and proves nothing on a busy one."""
    skipped = Exchange("GET", "/", "given", None, error="skipped: the time is over")
    slow = Exchange("GET", "/", "given", 200, seconds=1.0)
    left = iter([slow, skipped])
    context = ProbeContext(Target("x", "live", (DOOR,), {}), "run", Facts(), budget_on(1.0), DOOR)

    assert fastest(context, SLOW, lambda: next(left)) == Timed(slow)


@pytest.mark.parametrize("status", [200, 504])
def test_what_breaks_off_late_once_is_timed_again(status: int) -> None:
    """Whether an answer is good, and how soon it comes, are two things."""
    assert timed(9.0, 0.6, 0.1, status=status) == ("fast", 2)


def test_silence_is_not_waited_for_again() -> None:
    """It costs the whole of the patience each time."""
    assert timed(1.0, 6.0, 0.1, status=None) == ("nothing", 1)


@pytest.mark.parametrize(
    ("stretch", "status", "goes_on"), [(1.0, 200, False), (4.0, 200, True), (4.0, None, False), (9.0, 503, False)]
)
def test_late_answers_end_the_questions_where_no_busy_machine_explains_them(
    stretch: float, status: int | None, goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search of 5 s on a busy machine may be the machine's: waits are longer there, and the questions go on."""
    late = Exchange("GET", "/", "given", status, seconds=5.1)
    monkeypatch.setattr(reachability, "at_once", lambda _: [late, late])
    context = ProbeContext(Target("x", "live", (DOOR,), {}), "run", Facts(), budget_on(stretch), DOOR)

    assert reachability.answers_soon(context, DOOR) is goes_on
    assert ("P" in context.dead) is not goes_on


@pytest.mark.parametrize(
    ("turns", "told"),
    [(((None, 200), (200, None)), False), (((200, None),), True)],
    ids=["each is silent once", "the unknown key alone is silent"],
)
def test_a_silence_is_a_key_s_only_if_it_is_met_again(
    turns: tuple[tuple[int | None, int | None], ...], *, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: one of two servers is silent. Of two requests at once one meets it, whatever its key."""
    left = itertools.cycle(turns)

    def asked(_: object) -> list[Exchange]:
        return [
            Exchange("GET", "/", "given", status, seconds=0.1 if status else 9.0, error="" if status else "timeout")
            for status in next(left)
        ]

    monkeypatch.setattr(reachability, "at_once", asked)
    context = ProbeContext(Target("x", "live", (DOOR,), {}), "run", Facts(), budget_on(1.0), DOOR)
    assert reachability.answers_soon(context, DOOR)
    assert ("pace.unknown-key.P" in context.facts) is told


@pytest.mark.parametrize(
    ("stretch", "slowest", "patience", "waits"),
    [
        (1.0, 0.1, None, 3.0),
        (1.0, 0.9, None, 9.0),
        (2.0, 0.1, None, 6.0),
        (9.0, 0.1, 40.0, 40.0),
        (1.0, 100.0, None, 30.0),
        (1.0, 0.9, 20.0, 20.0),
    ],
)
def test_slow_places_are_waited_for(stretch: float, slowest: float, patience: float | None, waits: float) -> None:
    """A server that hashes a password for each request is slow with everything: silence begins later there."""
    context = ProbeContext(Target("x", "live", (DOOR,), {}), "run", Facts(), budget_on(stretch), DOOR)
    context.waits.took("P", slowest)
    context.waits.took("P", 0.05)

    assert context.at("P", None, patience=patience).sender.door.patience == waits
    assert context.waits.floor["P"] == 0.05


def test_a_place_that_becomes_slow_is_waited_for_by_who_asks_already() -> None:
    """Probes ask at once: a server that answers one request after the other becomes slow with them."""
    context = ProbeContext(Target("x", "live", (DOOR,), {}), "run", Facts(), budget_on(1.0), DOOR)
    asker = context.at("P", None)
    context.waits.took("P", 2.0)

    assert asker._patient().bounds.silence == 20.0
    assert asker.sender.bounds.silence == 3.0


def test_time_that_was_allowed_once_stays_allowed() -> None:
    """A machine that is busy for a moment does not end what was begun then."""
    budget = budget_on(8.0)
    allowed = budget.allowed
    budget.machine = StretchedMachine(1.0)

    assert budget.allowed == allowed
