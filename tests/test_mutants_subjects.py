"""Subjects that the checks once lacked have requirements, checks and mutants."""

from __future__ import annotations

import pytest

from registry_conformance.cli import mutants as command
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.requirement import Register
from registry_conformance.proof.mutants.catalogue import catalogue, selected
from registry_conformance.proof.mutants.equivalent import reason_of, reasons
from registry_conformance.proof.mutants.subjects import SUBJECTS
from registry_conformance.proof.mutants.topics import speaks

REGISTER = Register.load(SUITES / "requirements")


def test_command_names_each_subject() -> None:
    """The option of the command offers the subjects that there are."""
    assert set(command.SUBJECTS) == set(SUBJECTS)


@pytest.mark.parametrize("name", SUBJECTS)
def test_subject_has_mutants_that_a_requirement_speaks_of(name: str) -> None:
    """At least three mutants of a subject are not equivalent, and a requirement of the subject speaks of each."""
    mutants = [each for each in selected(catalogue().values(), (), (), (name,)) if not reason_of(each, reasons())]
    unspoken = [each.id for each in mutants if not speaks(each, SUBJECTS[name].requirements, REGISTER)]

    assert len(mutants) >= 3
    assert unspoken == []
