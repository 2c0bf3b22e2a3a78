"""What failed is asked again before it is believed, and what stays is believed soon."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.repetition import Repetition
from registry_conformance.judge.evidence.exchange import Body, Exchange

NGINX = "<html><hr><center>nginx/1.22</center></html>"


def answer(status: int, page: str = "") -> Exchange:
    """Return an answer; one that throttles asks for no pause."""
    headers = (("Retry-After", "0"), ("Content-Type", "text/html"))
    body = Body(len(page), "", page.encode())
    return Exchange("GET", "http://door/x", "door", status, response_headers=headers, response_body=body)


def asked_again(repetition: Repetition, kind: str, answers: list[int]) -> tuple[int | None, int]:
    """Return what is believed of a kind of request that was answered so, and how often it was repeated."""
    left = answers[1:]
    sent: list[int] = []

    def send() -> Exchange:
        sent.append(1)
        return answer(left.pop(0) if left else answers[-1])

    last = repetition.repeated("P", kind, answer(answers[0]), lambda met: met.ok, send)
    return last.status, len(sent)


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        (("GET artifacts",), "files-of-each-replica"),
        (("GET artifacts", "GET metadata"), "fails-now-and-then"),
    ],
)
def test_files_that_are_found_now_and_then_are_told_from_records(kinds: tuple[str, ...], named: str) -> None:
    """Replicas that share a database and no folder lose files alone; what has no database in common loses both."""
    repetition, facts = Repetition(), Facts()
    for kind in kinds:
        repetition.asked("P")
        asked_again(repetition, kind, [404, 200])
    repetition.tell(facts)
    assert [cause.id for cause in conclude(facts, causes=()).causes] == [named]


def test_a_refusal_of_one_of_several_proxies_is_told_from_a_missing_file() -> None:
    """What nginx itself refuses at one time, and passes on at the next, is no file that a replica lacks."""
    repetition, facts = Repetition(), Facts()
    repetition.asked("P")
    repetition.repeated("P", "PUT artifacts", answer(404, NGINX), lambda met: met.ok, lambda: answer(200))
    repetition.tell(facts)

    assert facts.value("again.met.P") == "1 of 1: 404, before MLflow"
    assert [cause.id for cause in conclude(facts, causes=()).causes] == ["one-of-several-proxies-differs"]


def test_a_failure_that_stays_says_nothing_of_another_sender() -> None:
    """MLflow's 404 that stays is believed; one by a proxy before it is asked again."""
    repetition = Repetition()
    asked_again(repetition, "GET artifacts", [404])
    sent = [answer(200)]

    last = repetition.repeated("P", "GET artifacts", answer(404, NGINX), lambda met: met.ok, sent.pop)
    assert (last.status, sent) == (200, [])


@pytest.mark.parametrize("status", [429, 503])
def test_a_failure_of_a_moment_is_bridged(status: int) -> None:
    """What goes through when it is asked again counts as that."""
    assert asked_again(Repetition(), "GET metadata", [status, status, 200]) == (200, 2)


def test_a_place_that_throttles_for_good_is_believed() -> None:
    """One kind of request is repeated; the others at that place are believed at once, and other failures are not."""
    repetition = Repetition()
    assert asked_again(repetition, "GET metadata", [429])[0] == 429
    assert asked_again(repetition, "PUT artifacts", [429, 200]) == (429, 0)
    assert asked_again(repetition, "PUT artifacts", [503, 200]) == (200, 1)


def test_a_place_that_throttles_now_and_then_is_repeated() -> None:
    """What was bridged before is repeated again, whichever kind it is."""
    repetition = Repetition()
    assert asked_again(repetition, "GET metadata", [429, 200]) == (200, 1)
    assert asked_again(repetition, "PUT artifacts", [429, 429, 200]) == (200, 2)


@pytest.mark.parametrize(
    ("status", "said", "named"),
    [
        (404, '{"detail":"Not Found"}', "one-of-several-is-no-mlflow"),
        (403, "Invalid Host header - possible DNS rebinding attack detected", "one-of-several-refuses-the-host"),
    ],
)
def test_who_refuses_now_and_then_is_told_by_the_form_of_most_refusals(status: int, said: str, named: str) -> None:
    """Kind: a server among several that is not like the rest. What it says shows how, one other refusal or not."""
    repetition, facts = Repetition(), Facts()
    for number in range(6):
        repetition.asked("P")
        page = said if number else "another"
        repetition.repeated("P", f"GET {number}", answer(status, page), lambda met: met.ok, lambda: answer(200))
    repetition.tell(facts)
    assert [cause.id for cause in conclude(facts, causes=()).causes] == [named]
