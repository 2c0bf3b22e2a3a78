"""Diagnosis tried on what a proof kept: nothing is started, and it takes seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from registry_conformance.judge.diagnosis.patterns import FILE
from registry_conformance.judge.locations import REGISTER
from registry_conformance.judge.requirement import Register
from registry_conformance.proof.faults.replay import false_alarms, judge, lines, patterns_of, shortfalls
from registry_conformance.proof.faults.stored_facts import FactsError, read_facts
from registry_conformance.run.session.exit_codes import Exit

PATTERNS_SCHEMA = "patterns.v1"


def replayed(folder: Path, *, keep: bool, say: Callable[[str], None]) -> int:
    """Tell what the diagnosis is worth on stored facts; return the exit code: 0 it reaches its goals, 1 it does not.

    ``keep`` makes these facts what causes are compared with from now on.
    """
    try:
        looks = list(read_facts(folder))
    except FactsError as problem:
        say(f"prove: {problem}")
        return Exit.USAGE
    patterns = patterns_of(looks)
    if keep:
        document = {"schema": PATTERNS_SCHEMA, "patterns": patterns}
        FILE.write_text(json.dumps(document, indent=0, ensure_ascii=False) + "\n")
        say(f"kept: what {len(patterns)} causes look like, in {FILE.name}")
    kept_by = {name: requirement.layer for name, requirement in Register.load(REGISTER).items()}
    found = judge(looks, kept_by)
    alarms = false_alarms(looks)
    say("\n".join(lines(found, alarms)))
    short = shortfalls(found, alarms)
    for line in short:
        say(f"short of its goal: {line}")
    return Exit.FAILED if short else Exit.OK
