"""The command ``field``: starts each scenario, and runs doctor and register on it as users do."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry_conformance.judge.locations import cache_folder
from registry_conformance.judge.machine import new_run_id, part_environment, python
from registry_conformance.judge.target.credential import CommandToken, Credential, Password
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.target.token import token_of
from registry_conformance.lab.stack.handle import OwnedStack, StackError
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.field.scenario import FieldScenario, ReportedResult, wrong
from registry_conformance.proof.field.whole import Judged, declaration, judged

_PATIENCE = 900
_BUDGET = "300"
"""Seconds that the doctor may take: scenarios are also played on busy machines."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Staging:
    """How scenarios are played.

    What doctor and registration say, every fact included, is kept as JSON in the folder ``keep``. ``whole`` is whether
    a healthy one is also judged by every check, of those that ``only`` selects as pytest's ``-k`` does.
    """

    keep: Path | None = None
    whole: bool = False
    only: str = ""


def play(scenarios: Sequence[FieldScenario], say: Say, staging: Staging = Staging()) -> int:
    """Run scenarios and print one line for each; return the number of wrong reports."""
    told_wrongly = 0
    for scenario in scenarios:
        said = said_of(scenario, staging)
        mistakes = wrong(scenario, said)
        told_wrongly += bool(mistakes)
        heard = said.doctor_cause or said.registration_cause or "nothing is wrong"
        heard += f"; {said.whole.passed} checks passed" if said.whole else ""
        say(f"{'WRONG' if mistakes else 'right'}  {scenario.name:<24} {heard[:110]}")
        for mistake in mistakes:
            say(f"       {mistake[:300]}")
    say(f"{len(scenarios) - told_wrongly} of {len(scenarios)} told rightly")
    return told_wrongly


def said_of(scenario: FieldScenario, staging: Staging = Staging()) -> ReportedResult:
    """Start the stack of a scenario and return the results of doctor and register."""
    run = new_run_id()
    request = StackRequest(
        run, scenario.deployment, cache=cache_folder(), neighbour=scenario.neighbour, command=scenario.command
    )
    try:
        stack = OwnedStack(request)
        try:
            said, documents = _examined(stack.target(), run, scenario)
            if staging.whole and scenario.healthy:
                said = replace(said, whole=_judged_whole(stack.target(), staging, scenario.declared))
        finally:
            stack.close()
    except StackError as problem:
        return ReportedResult(6, "", 6, "", problem=str(problem))
    if staging.keep is not None:
        for name, document in documents.items():
            (staging.keep / f"{scenario.name}.{name}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    return said


def _judged_whole(target: Target, staging: Staging, declared: Sequence[str]) -> Judged:
    with tempfile.TemporaryDirectory(prefix="field-") as folder:
        return judged(target, Path(folder), staging.only, declared)


def _examined(target: Target, run: str, scenario: FieldScenario) -> tuple[ReportedResult, dict[str, dict[str, Any]]]:
    door = target.doors[0]
    credential = target.key_at(door) if scenario.role == "writer" else target.keys[scenario.role]
    with tempfile.TemporaryDirectory(prefix="field-") as folder:
        home = Path(folder)
        variables = {**part_environment(run, home), **_as_users_give(credential)}
        asked = ["--url", door.url]
        if scenario.promises_key:
            text, secrets = declaration(target, promises_key=True)
            (home / "environment.toml").write_text(text, encoding="utf-8")
            variables |= secrets
            asked = ["--env-file", str(home / "environment.toml")]
        doctor, examined = _asked(["doctor", *asked, "--json", "--budget", _BUDGET], variables, home)
        registration, registered = _asked(
            ["register", *asked, "--json", "--report-dir", str(home / "reports")], variables, home
        )
    cause = _cause(registered) or str(registered.get("problem") or "")
    return ReportedResult(doctor, _cause(examined), registration, cause), {"doctor": examined, "register": registered}


def _as_users_give(key: Credential | None) -> dict[str, str]:
    """Return the environment variables that a user of the deployment sets."""
    if isinstance(key, Password):
        return {"MLFLOW_TRACKING_USERNAME": key.user, "MLFLOW_TRACKING_PASSWORD": key.password}
    if isinstance(key, CommandToken):
        return {"MLFLOW_TRACKING_TOKEN": token_of(key)}
    return {"MLFLOW_TRACKING_TOKEN": key} if isinstance(key, str) else {}


def _asked(arguments: Sequence[str], variables: dict[str, str], home: Path) -> tuple[int, dict[str, Any]]:
    """Return exit code and JSON output of a command of the suite; other output is under ``problem``."""
    done = subprocess.run(
        [python(), "-m", "registry_conformance", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
        env=variables,
        cwd=home,
    )
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = {"problem": (done.stderr or done.stdout).strip()[-300:]}
    return done.returncode, found if isinstance(found, dict) else {}


def _cause(document: dict[str, Any]) -> str:
    """Return the first cause in a document, empty if there is none."""
    causes = document.get("diagnosis") or document.get("preflight") or []
    first = causes[0] if isinstance(causes, list) and causes else {}
    return str(first.get("cause", "")) if isinstance(first, dict) else ""
