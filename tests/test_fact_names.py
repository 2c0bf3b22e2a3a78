"""Each fact is declared once, with words and a grade; a clue that names no fact is an error as soon as it is read."""

from __future__ import annotations

from collections import Counter

import pytest

from registry_conformance.judge.diagnosis.cause import clue, must, never
from registry_conformance.judge.diagnosis.fact_names import (
    FACTS,
    PLACES,
    SUBJECTS,
    Grade,
    UnknownFactError,
    declared,
    grade_of,
    meaning,
    steady,
)
from registry_conformance.judge.diagnosis.patterns import known_patterns


@pytest.mark.parametrize("kind", [must, clue, never])
@pytest.mark.parametrize("name", ["puts.P", "put", "put.X", "red.REG-1", ""])
def test_a_misspelt_clue_is_an_error(kind: object, name: str) -> None:
    """A clue about a fact that no probe tells cannot be written."""
    with pytest.raises(UnknownFactError, match="no probe tells"):
        kind(name, "404")  # type: ignore[operator] # one of three functions


def test_each_fact_is_declared_once() -> None:
    """No name stands for two subjects, and each has words and places."""
    names = Counter(name for subject in SUBJECTS for name in subject.names())

    assert [name for name, times in names.items() if times > 1] == []
    assert all(subject.words and set(subject.places) <= set(PLACES) for subject in SUBJECTS)
    assert all(meaning(name) != name for name in FACTS)


@pytest.mark.parametrize(
    ("name", "grade"),
    [
        ("put.P", Grade.STEP),
        ("meta.create.O", Grade.STEP),
        ("red.REG-001", Grade.STEP),
        ("reader.put.P", Grade.PROMISE),
        ("red.AUT-001", Grade.PROMISE),
        ("error.absent.P", Grade.FORM),
        ("head.own-id.P", Grade.FORM),
        ("red.ERR-030", Grade.FORM),
    ],
)
def test_a_step_matters_more_than_a_promise_and_form_least(name: str, grade: Grade) -> None:
    """What a registration needs, what is promised beside it, and how it is said."""
    assert grade_of(name) is grade


def test_what_depends_on_load_is_known_to() -> None:
    """Times and logs are different on a busy machine; answers are not."""
    assert not steady("pace.search.P")
    assert not steady("log.proxy.P")
    assert steady("put.P")


def test_every_fact_of_a_pattern_is_declared() -> None:
    """What causes are compared with is made of facts that probes tell: a renamed fact is renamed there too."""
    names = {name for patterns in known_patterns().values() for pattern in patterns for name in pattern}
    assert sorted(name for name in names if not declared(name)) == []
