"""A deployment of others judged whole, as its operator would declare it: in at most eight lines."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.machine import child_environment, python
from registry_conformance.judge.target.credential import CommandToken, Password
from registry_conformance.judge.target.target import Target

MOST_LINES = 8
"""So many lines with text an environment's file may need."""
_PASSWORD = "REGISTRY_FIELD_PASSWORD"  # noqa: S105 - the name of a variable
_PATIENCE = 3600
_WORKERS = "2"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a whole visit came to: its exit code, and each check that was red, with what it said."""

    code: int
    red: tuple[str, ...]
    passed: int = 0
    problem: str = ""

    @property
    def mistakes(self) -> list[str]:
        """What is wrong with it, if nothing is wrong with the deployment."""
        if not self.passed:
            return [f"nothing passed: {self.problem}"]
        return list(self.red) or ([] if self.code == 0 else [f"the visit ended with {self.code}: {self.problem}"])


def declaration(target: Target, *, promises_key: bool = False) -> tuple[str, dict[str, str]]:
    """Return an environment's file for a target, and the variables that hold its secrets.

    With ``promises_key`` it says that a key is asked for, though none is.
    """
    door = target.doors[0]
    key = target.key_at(door)
    lines = [
        f"description = {json.dumps(target.name)}",
        'access = "sandboxed"',
        f"[doors.{door.name}]",
        f'url = "{door.url}"',
    ]
    if key is None and promises_key:
        return "\n".join([*lines, "[keys.writer]", f'variable = "{_PASSWORD}"']) + "\n", {_PASSWORD: token_hex(16)}
    if key is None:
        return "\n".join([*lines, 'policy = "open"']) + "\n", {}
    if isinstance(key, CommandToken):
        return "\n".join([*lines, "[keys.writer]", f"command = {json.dumps(key.command)}"]) + "\n", {}
    assert isinstance(key, Password), "neighbours ask for a token or a password"
    lines += ["[keys.writer]", f'user = "{key.user}"', f'password = {{ variable = "{_PASSWORD}" }}']
    return "\n".join(lines) + "\n", {_PASSWORD: key.password}


def judged(target: Target, folder: Path, only: str = "") -> Judged:
    """Judge a target by every check that can be asked of it, or those that ``only`` selects, as ``-k`` has it."""
    text, variables = declaration(target)
    file = folder / "environment.toml"
    file.write_text(text, encoding="utf-8")
    selected = [f"-k={only}"] if only else []
    done = subprocess.run(
        [
            *(python(), "-m", "pytest", str(SUITES / "live"), f"--env-file={file}", f"--report-dir={folder}"),
            *("-n", _WORKERS, "-q", "-p", "no:cacheprovider", *selected),
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
    checks = json.loads(verdicts.read_text(encoding="utf-8"))["checks"]
    red = tuple(f"{check['nodeid']}: {check['message']}" for check in checks if check["verdict"] in ("failed", "error"))
    return Judged(done.returncode, red, sum(check["verdict"] == "passed" for check in checks), problem)
