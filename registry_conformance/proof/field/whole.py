"""A third-party deployment judged by all checks, declared in at most eight lines."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.machine import child_environment, python
from registry_conformance.judge.target.credential import CommandToken, Credential, Password
from registry_conformance.judge.target.target import Target

MOST_LINES = 8
"""So many lines with text an environment's file may need."""
PASSWORD = "REGISTRY_FIELD_PASSWORD"  # noqa: S105 - the name of a variable
"""The variable that holds the writer's password."""
_PATIENCE = 3600


@dataclass(frozen=True, slots=True)
class Judged:
    """What a visit came to: its exit code, each red check with what it said, and the requirements that these broke.

    ``declared`` are the lines of the environment's file.
    """

    code: int
    red: tuple[str, ...]
    passed: int = 0
    problem: str = ""
    broken: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()

    @property
    def mistakes(self) -> list[str]:
        """The wrong results, given that the deployment is healthy."""
        if not self.passed:
            return [f"nothing passed: {self.problem}"]
        return list(self.red) or ([] if self.code == 0 else [f"the visit ended with {self.code}: {self.problem}"])


def declaration(
    target: Target, *, promises_key: bool = False, further: Sequence[str] = ()
) -> tuple[str, dict[str, str]]:
    """Return an environment file for a target, with ``further`` lines, and the variables for its secrets.

    ``promises_key`` declares that a key is required, even if none is.
    """
    door = target.doors[0]
    lines = [
        f"description = {json.dumps(target.name)}",
        'access = "sandboxed"',
        f'doors.{door.name}.url = "{door.url}"',
    ]
    variables: dict[str, str] = {}
    if target.key_at(door) is None and not promises_key:
        lines.append(f'doors.{door.name}.policy = "open"')
    elif target.key_at(door) is None:
        variables[PASSWORD] = token_hex(16)
        lines.append(f'keys.writer.variable = "{PASSWORD}"')
    for role in filter(target.keys.__contains__, ("writer", "colleague")):
        line, secrets = _credential(role, target.keys[role])
        lines.append(line)
        variables |= secrets
    if target.default_permission:
        lines.append(f'permissions.default = "{target.default_permission}"')
    if door.workspace:
        lines.append(f'workspaces = {{ own = "{door.workspace}", other = "{target.other_workspace}" }}')
    return "\n".join([*lines, *further]) + "\n", variables


def _credential(role: str, key: Credential) -> tuple[str, dict[str, str]]:
    """Return the line that declares the credential of a role, and its variables."""
    if isinstance(key, CommandToken):
        return f"keys.{role}.command = {json.dumps(key.command)}", {}
    assert isinstance(key, Password), "neighbours ask for a token or a password"
    variable = PASSWORD if role == "writer" else f"{PASSWORD}_OF_{role.upper()}"
    return f'keys.{role} = {{ user = "{key.user}", password = {{ variable = "{variable}" }} }}', {
        variable: key.password
    }


def judged(target: Target, folder: Path, only: str = "", further: Sequence[str] = (), workers: int = 2) -> Judged:
    """Judge a target by every check that can be asked of it, or those that ``only`` selects, as ``-k`` has it.

    It is declared with ``further`` lines, and judged by so many ``workers`` at once, 0 for none beside the run itself.
    """
    text, variables = declaration(target, further=further)
    file = folder / "environment.toml"
    file.write_text(text, encoding="utf-8")
    selected = [f"-k={only}"] if only else []
    done = subprocess.run(
        [
            *(python(), "-m", "pytest", str(SUITES / "live"), f"--env-file={file}", f"--report-dir={folder}"),
            *("-n", str(workers), "-q", "-p", "no:cacheprovider", *selected),
        ],
        cwd=SUITES.parent,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
        env=child_environment(without="") | variables,
    )
    verdicts = next(iter((folder / "runs").glob("*/verdicts.json")), None)
    problem = (done.stderr or done.stdout).strip()[-400:]
    if verdicts is None:
        return Judged(done.returncode, (), problem=problem)
    document = json.loads(verdicts.read_text(encoding="utf-8"))
    checks = document["checks"]
    red = tuple(f"{check['nodeid']}: {check['message']}" for check in checks if check["verdict"] in ("failed", "error"))
    broken = tuple(
        sorted(name for name, each in document["requirements"].items() if each["verdict"] in ("failed", "error"))
    )
    return Judged(
        done.returncode,
        red,
        sum(check["verdict"] == "passed" for check in checks),
        problem,
        broken,
        tuple(text.splitlines()),
    )
