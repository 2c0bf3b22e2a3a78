"""Causes are named by their clues: the right one, both of two, none where all is well, unknown rather than wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from registry_conformance.documents.troubleshooting import render_guide
from registry_conformance.judge.diagnosis.bands import Band
from registry_conformance.judge.diagnosis.cause import LAYERS, Cause, clue, must, never
from registry_conformance.judge.diagnosis.causes import CAUSES
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.fact_names import meaning
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.ranking import fits, settled
from registry_conformance.judge.diagnosis.symptoms import SYMPTOMS
from registry_conformance.lab.faults.catalogue import CATALOGUE


def table(**seen: str) -> Facts:
    """Return facts by name, ``__`` for a dot; a healthy deployment's value is ``fine``."""
    facts = Facts()
    for name, value in seen.items():
        facts.record(name.replace("__", "."), value, f"{name} is {value}", "fine")
    return facts


def cause(name: str, *clues: object, follows: tuple[str, ...] = ()) -> Cause:
    """Return a cause of the proxy's that breaks no requirement."""
    return Cause(name, "proxy", "uploads-fail", f"{name}.", "mend it", (), clues, follows)  # type: ignore[arg-type] # clues


def test_every_fault_has_a_cause_and_every_cause_a_fault() -> None:
    """Each fault refers to a cause of the table; a cause breaks what its faults break, and nothing else."""
    broken: dict[str, set[str]] = {each.id: set() for each in CAUSES}
    for fault in CATALOGUE.values():
        broken[fault.cause] |= set(fault.requirements)

    assert max(Counter(each.id for each in CAUSES).values()) == 1
    assert broken == {each.id: set(each.requirements) for each in CAUSES}


@pytest.mark.parametrize("each", CAUSES, ids=lambda each: each.id)
def test_a_cause_tells_where_what_and_how(each: Cause) -> None:
    """Each cause has a layer, a symptom, a sentence, a remedy, and a clue that it stands or falls with."""
    assert each.layer in LAYERS
    assert each.symptom in SYMPTOMS
    assert each.sentence and each.remedy
    assert any(one.must for one in each.clues)
    assert all(meaning(one.fact) != one.fact for one in each.clues)


def test_a_cause_is_ruled_out_by_what_it_cannot_be() -> None:
    """A must that does not hold or is not seen rules out, so does a never that holds."""
    causes = [
        cause("must", must("put.P", "404")),
        cause("other", must("put.P", "500")),
        cause("never", must("put.P", "404"), never("list.P", "404")),
        cause("unseen", must("put.P", "404"), must("put.O", "200", 1)),
    ]
    found = fits(causes, table(put__P="404", list__P="404"), ())
    assert {fit.cause.id for fit in found} == {"must"}


def test_the_specific_cause_comes_before_the_general_one() -> None:
    """Of two causes that fit, the one with more to say about what was seen is first."""
    general, specific = must("put.P", "404"), clue("list.P", "200 other")
    causes = [cause("general", general), cause("specific", general, specific)]
    found = fits(causes, table(put__P="404 html", list__P="200 other"), ())
    assert [fit.cause.id for fit in found] == ["specific", "general"]


def test_questions_end_where_nothing_unseen_can_change_the_answer() -> None:
    """One cause must explain all that is odd and all that failed, and no other may still come before it."""
    fault = CATALOGUE["artifact-route-missing"]
    plain = replace(cause("plain", must("put.P", "404", 4)), requirements=fault.requirements)
    rival = replace(cause("rival", must("put.P", "404"), clue("climb.P", "odd", 9)), requirements=fault.requirements)
    seen, red = table(put__P="404"), fault.requirements

    assert settled([plain], seen, red)
    assert not settled([plain], seen, ()), "nothing failed"
    assert not settled([plain], table(put__P="404", list__P="500"), red), "something odd is not explained"
    assert not settled([plain], seen, (*red, "OPS-001")), "a failure is not explained"
    assert not settled([plain, rival], seen, red), "what is not seen yet could speak for another"
    assert settled([plain, rival], table(put__P="404", climb__P="fine"), red), "it does not"


def test_failed_requirements_speak_for_a_cause() -> None:
    """Where facts leave two causes level, the red requirements of a fault decide."""
    open_route = table(key__x_api_key__P="fine", key__throttled__P="401 json", key__bearer__P="200 json")
    fault = CATALOGUE["throttle-told-as-bad-key"]
    without = fits(CAUSES, open_route, ())
    proved = fits(CAUSES, open_route, fault.requirements)
    assert without[0].cause.id == proved[0].cause.id == "throttle-told-as-bad-key"
    assert proved[0].score > without[0].score


def test_what_only_a_check_can_see_is_named_by_it() -> None:
    """A cause that no probe can see is named if its requirement failed, and that is its observation."""
    first = conclude(table(search__P="fine"), ["REG-055"]).causes[0]
    assert first.id == "database-in-the-container"
    assert first.observations == ("REG-055 failed",)


def test_nothing_odd_has_no_cause() -> None:
    """A table as a healthy deployment fills it is given no cause."""
    assert conclude(table(put__P="fine", search__P="fine")).causes == ()


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        ({"reach__line__P": "all name"}, "door-name-unknown"),
        ({"reach__line__P": "all refused", "put__O": "500"}, "door-port-closed"),
        ({"reach__line__P": "all timeout"}, "door-silent"),
        ({"bucket__S": "SignatureDoesNotMatch"}, "bucket-key-refused"),
        ({"bucket__S": "unreachable"}, "bucket-unreachable"),
    ],
)
def test_what_the_client_was_given_and_cannot_use_is_named(seen: dict[str, str], named: str) -> None:
    """What the client was given and cannot use is named, alone if no door is reached."""
    (found,) = conclude(table(**seen)).causes
    assert found.id == named
    assert found.band is Band.CERTAIN
    assert f"### {named}\n" in render_guide(CAUSES)


def test_door_that_is_not_reached_is_named_beside_what_is_wrong_at_the_others() -> None:
    """Door that is not reached is named beside what is wrong at the others."""
    seen = {"reach__line__P": "canonical name; literal open", "doors__health__P": "fine"}
    found = conclude(table(**seen), ["REG-055"]).named
    assert [each.id for each in found] == ["door-name-unknown", "database-in-the-container"]


@pytest.mark.parametrize(
    ("seen", "layer", "where"),
    [
        ({"head__strange__P": "599", "head__strange__O": "fine"}, "proxy", "right straight to MLflow"),
        ({"head__strange__P": "599", "head__strange__O": "599"}, "mlflow", "straight to MLflow alike"),
        ({"reach__line__P": "all strange"}, "network", "between this client and the door"),
        ({"put__P": "599", "head__strange__P": "599"}, "", "does not show between which parts"),
        ({"key__strange__P": "599"}, "auth", "in who is let in"),
        ({"cut__P": "part of it", "cut__O": "part of it"}, "mlflow", "as gunicorn does"),
    ],
)
def test_what_no_cause_explains_is_unknown_with_its_place(seen: dict[str, str], layer: str, where: str) -> None:
    """A place is named instead of a cause, and the guide's entry for it."""
    (named,) = conclude(table(**seen)).causes
    assert (named.id, named.layer) == ("unknown", layer)
    assert where in named.sentence
    assert named.link.endswith("#unknown")
