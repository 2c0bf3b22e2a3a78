"""A door that limits how often it is asked is asked at its pace; one that throttles for good is believed."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.doctor import lines
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.named import Diagnosis
from registry_conformance.judge.diagnosis.outcome import Health, health
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.repeats import repeats
from tests.test_probes_of_others import context_at
from tests.web_answers import EXPERIMENTS, Answer, Answering, Asked, always, site

TOO_MANY = Answer(429, {"message": "slow down"}, {"Retry-After": "0"})
UNAVAILABLE = Answer(503, {"message": "come again"}, {"Retry-After": "0"})
ASKED = 8
"""So many requests are sent where none is repeated."""


def refuses(number: int) -> Answering:
    """Answer each so-manieth request that it is one too many."""
    came: list[Asked] = []

    def answer(asked: Asked) -> Answer:
        came.append(asked)
        return TOO_MANY if len(came) % number == 0 else Answer(200, EXPERIMENTS)

    return answer


def looked(context: ProbeContext) -> Facts:
    """Return what is told of a door where the same is asked again and again."""
    context.main = replace(context.main, direct=True)  # artifacts are not asked for
    repeats(context, "P")
    context.repetition.tell(context.facts)
    context.pacing.tell(context.facts, "P")
    return context.facts


def test_a_limit_that_the_client_gets_past_is_no_failure() -> None:
    """Each request goes through after a pause: the door is well, and a note names the limit."""
    with site(refuses(4)) as there:
        context = context_at(there.url)
        facts = looked(context)

    assert facts.value("repeat.search.P") == "all 200"
    assert facts.anomalies == ()
    assert facts.value("again.paced.P") == "about 7 a second"
    assert "there is a limit of requests: 2 of them got 429 with Retry-After: 0" in facts["again.paced.P"].sentence
    assert health(Diagnosis((), facts)) is Health.HEALTHY
    told = list(lines(context.target, Diagnosis((), facts)))
    assert any(line.startswith("Note: there is a limit of requests") for line in told)


def test_where_nobody_was_served_nothing_is_waited_for() -> None:
    """A quota that is used up is a failure, and is told by the requests that show it."""
    with site(always(TOO_MANY)) as there:
        facts = looked(context_at(there.url))

    assert facts.value("repeat.search.P") == "all 429"
    assert len(there.asked) <= ASKED + 2
    assert not facts.value("again.paced.P")


def test_a_quota_that_runs_out_is_believed() -> None:
    """What was served first and is refused whatever is waited is no limit that a client gets past."""
    served: list[Asked] = []

    def answer(asked: Asked) -> Answer:
        served.append(asked)
        return Answer(200, EXPERIMENTS) if len(served) <= 3 else TOO_MANY

    with site(answer) as there:
        facts = looked(context_at(there.url))

    assert facts.value("repeat.search.P") == "200 200 200 429 429 429 429 429"
    assert not facts.value("again.paced.P")
    assert len(there.asked) < 2 * ASKED


def test_a_pause_that_is_longer_than_the_time_left_is_not_waited_for() -> None:
    """With a Retry-After beyond the budget the refusal is told."""
    answers = iter((Answer(200, EXPERIMENTS),))

    def answer(_: Asked) -> Answer:
        return next(answers, Answer(429, {"message": "slow down"}, {"Retry-After": "50"}))

    with site(answer) as there:
        context = context_at(there.url)
        context.budget = Budget(5.0)
        context.pacing.budget = context.budget
        facts = looked(context)

    assert facts.value("repeat.search.P").startswith("200 429 429")


def test_503_that_is_said_again_is_no_limit() -> None:
    """Kind: a part that fails and says when to come again. One request waits for it, no other, and all are told."""
    served: list[Asked] = []

    def answer(asked: Asked) -> Answer:
        served.append(asked)
        return Answer(200, EXPERIMENTS) if len(served) <= 3 else UNAVAILABLE

    with site(answer) as there:
        facts = looked(context_at(there.url))

    assert facts.value("repeat.search.P") == "200 200 200 503 503 503 503 503"
    assert not facts.value("again.paced.P")
    assert len(there.asked) <= ASKED + 3


def test_503_that_passes_when_asked_again_is_a_limit() -> None:
    """A limit may be told with 503 as well as with 429."""
    answers = iter((Answer(200, EXPERIMENTS), UNAVAILABLE))

    with site(lambda _: next(answers, Answer(200, EXPERIMENTS))) as there:
        facts = looked(context_at(there.url))

    assert facts.value("repeat.search.P") == "all 200"
    told = facts["again.paced.P"].sentence
    assert "away for a moment, or limits requests: 1 of them got 503 with Retry-After: 0" in told
