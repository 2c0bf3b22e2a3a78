"""A cause: what can be wrong with a deployment, the clues that give it away, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass

from registry_conformance.lab.faults.catalogue import CATALOGUE


@dataclass(frozen=True, slots=True)
class Clue:
    """A fact (or ``red.AUT-015``, a failed requirement) whose value begins as a regex says.

    A ``must`` that is seen and does not hold rules the cause out; so does an ``against`` that holds. ``weight`` is how
    much it tells.
    """

    fact: str
    value: str
    weight: float = 1.0
    must: bool = False
    against: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that can be wrong.

    ``symptom`` is what its clients complain about, of ``symptoms.SYMPTOMS``; ``faults`` are those of the catalogue
    whose diagnosis it is; ``follows`` begin the names of facts that go wrong in its wake and need no other cause.
    """

    id: str
    layer: str
    symptom: str
    sentence: str
    remedy: str
    clues: tuple[Clue, ...]
    faults: tuple[str, ...]
    follows: tuple[str, ...] = ()


def must(fact: str, value: str, weight: float = 2.0) -> Clue:
    """Return a clue without which the cause is ruled out, where the fact is seen."""
    return Clue(fact, value, weight, must=True)


def clue(fact: str, value: str, weight: float = 1.0) -> Clue:
    """Return a clue that speaks for the cause, and whose lack speaks a little against it."""
    return Clue(fact, value, weight)


def never(fact: str, value: str) -> Clue:
    """Return a clue that rules the cause out."""
    return Clue(fact, value, against=True)


def of(fault: str, symptom: str, *clues: Clue, follows: tuple[str, ...] = ()) -> Cause:
    """Return the cause behind one fault: its sentence and remedy are the fault's.

    One that the catalogue does not have is told by its name; a test finds it.
    """
    told = CATALOGUE.get(fault)
    if told is None:
        return Cause(fault, "mlflow", symptom, fault.replace("-", " "), "see the guide", clues, (fault,), follows)
    return Cause(fault, told.layer, symptom, told.cause, told.remedy, clues, (fault,), follows)


def one(
    name: str, layer: str, symptom: str, sentence: str, remedy: str, *clues: Clue,
    faults: tuple[str, ...], follows: tuple[str, ...] = (),
) -> Cause:  # fmt: skip
    """Return a cause that several faults share."""
    return Cause(name, layer, symptom, sentence, remedy, clues, faults, follows)
