"""Scores the diagnosis on the facts of an earlier proof, in seconds and without a stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from registry_conformance.judge.diagnosis.causes import BY_ID
from registry_conformance.judge.diagnosis.patterns import FILE
from registry_conformance.judge.locations import REGISTER
from registry_conformance.judge.requirement import Register
from registry_conformance.proof.faults.replay import false_alarms, judge, lines, patterns_of, shortfalls
from registry_conformance.proof.faults.stored_facts import FactsError, read_facts
from registry_conformance.run.session.exit_codes import Exit

PATTERNS_SCHEMA = "patterns.v1"


def replayed(folder: Path, *, keep: bool, say: Callable[[str], None]) -> int:
    """Print the score of the diagnosis on stored facts; return 0 if it reaches its goals, else 1.

    ``keep`` makes these facts the new baseline of their causes; those of other causes are kept.
    """
    try:
        looks = list(read_facts(folder))
    except FactsError as problem:
        say(f"prove: {problem}")
        return Exit.USAGE
    patterns = patterns_of(looks)
    if keep:
        _keep(patterns)
        say(f"kept: what {len(patterns)} causes look like, in {FILE.name}")
    kept_by = {name: requirement.layer for name, requirement in Register.load(REGISTER).items()}
    found = judge(looks, kept_by)
    alarms = false_alarms(looks)
    say("\n".join(lines(found, alarms)))
    short = shortfalls(found, alarms)
    for line in short:
        say(f"short of its goal: {line}")
    return Exit.FAILED if short else Exit.OK


def _keep(patterns: Mapping[str, Any]) -> None:
    before: Mapping[str, Any] = json.loads(FILE.read_text())["patterns"] if FILE.exists() else {}
    now = {cause: each for cause, each in sorted({**before, **patterns}.items()) if cause in BY_ID}
    FILE.write_text(json.dumps({"schema": PATTERNS_SCHEMA, "patterns": now}, indent=0, ensure_ascii=False) + "\n")
