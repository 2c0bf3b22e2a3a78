"""Runs the scenarios, a complete run and the crashes of a rehearsal on one stack."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import child_environment, new_run_id, python
from registry_conformance.judge.target.requests import changes
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.deployment import REFERENCE, Deployment, Links
from registry_conformance.lab.faults.catalogue import broken
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.rehearsal.crash import Crash, carry_out
from registry_conformance.proof.rehearsal.external_environment import (
    TRUE,
    EnvironmentChanges,
    environment,
)
from registry_conformance.proof.rehearsal.given_away import kept_in_files, shown_by_processes
from registry_conformance.proof.rehearsal.holdings import Holdings, hides_uploads, holdings
from registry_conformance.proof.rehearsal.log_service import log_group
from registry_conformance.proof.rehearsal.neighbours import files_of_another_mlflow
from registry_conformance.proof.rehearsal.scenario import REAL, Scenario
from registry_conformance.proof.rehearsal.sent_bytes import Search, listened
from registry_conformance.run.session.exit_codes import Exit

_PATIENCE, _LONG_PATIENCE = 900.0, 10_800.0
"""Seconds that a run may take, and one of a long scenario."""
_STANDING = (
    "SELECT name FROM lines AS line WHERE event NOT IN ('gone', 'ended', 'wrote') AND number ="
    " (SELECT MAX(number) FROM lines WHERE kind = line.kind AND name = line.name)"
)
"""What a ledger calls neither gone nor ended in its last line about it."""
_LONG_AGO = "verify-20250101-000000-"
"""How the id of a run with a lost ledger starts: its date is old enough for the janitor."""
_BEGUN = re.compile(r"\d+ workers? \[\d+ items?\]")
"""The output of a live run when its checks begin."""
_TAPED = replace(REFERENCE, links=Links(taped=frozenset({"proxy", "server", "store"})))
_NO_CACHE = ("-p", "no:cacheprovider")
Say = Callable[[str], None]


class ScenarioRunner:
    """The stack that all parts of the rehearsal run on."""

    def __init__(self, folder: Path, store: str, say: Say) -> None:
        self._folder, self._say = folder, say
        self._played = 0
        self._stack = OwnedStack(StackRequest(new_run_id().replace("verify", "rehearse"), REFERENCE, store))
        self.target: Target = self._stack.target()

    def close(self) -> None:
        """End the stack."""
        self._stack.close()

    def apply(self, deployment: Deployment = REFERENCE, faults: Sequence[str] = ()) -> None:
        """Change the stack to this deployment with these faults."""
        self.target = self._stack.apply(broken(deployment, faults))

    def scenario(self, scenario: Scenario) -> str:
        """Run a scenario; return what differs from the expectation, empty if nothing."""
        self.apply()
        with files_of_another_mlflow(self.target) if scenario.shared else nullcontext():
            return self._played_out(scenario)

    def _played_out(self, scenario: Scenario) -> str:
        before = holdings(self.target)
        self.apply(scenario.deployment, scenario.faults)
        changed = scenario.changes(self.target)
        if not scenario.cloud:
            return self._scenario(scenario, changed, before)
        with log_group(self.target.logs["mlflow"], "a-secret-of-the-cloud") as group:
            return self._scenario(scenario, replace(changed, log_group=group), before)

    def _scenario(self, scenario: Scenario, changed: EnvironmentChanges, before: Holdings) -> str:
        log, began = self.target.logs["mlflow"], time.monotonic()
        logged, file = log.stat().st_size, environment(self.target, self._next(), changed)
        program = [scenario.checks[0]] if scenario.checks == (REAL,) else ["-m", "pytest", *scenario.checks, *_NO_CACHE]
        reports = f"--report-dir={file.parent / 'reports'}"
        command = [python(), *program, f"--env-file={file}", reports, *scenario.options]
        done = self._run(command, changed.variables, _LONG_PATIENCE if scenario.long else _PATIENCE)
        said = done.stdout + done.stderr
        problems = []
        if done.returncode != scenario.exit_code:
            problems.append(f"exit code {done.returncode}, not {scenario.exit_code.value}")
        if scenario.said not in " ".join(said.split()):
            problems.append(f"nothing said of {scenario.said!r}")
        if scenario.cause and f"docs/troubleshooting.md#{scenario.cause}" not in said:
            problems.append(f"the cause {scenario.cause!r} is not named")
        if "Traceback" in said:
            problems.append("a traceback")
        if changed.access == "read-only" or "--read-only" in scenario.options:
            problems += [f"sent though read-only: {line}" for line in _mutating(log, logged)]
        self.apply()
        if scenario.leaves:
            problems += (
                [] if before.changes(holdings(self.target)) else ["nothing was left that the janitor could find"]
            )
            problems += self._swept(environment(self.target, file.parent))
        if scenario.blind:
            self._lifecycle(before)
        problems += before.changes(holdings(self.target))
        return self._judged(scenario.name, problems, time.monotonic() - began, said)

    def _lifecycle(self, before: Holdings) -> None:
        """Delete what only the bucket's lifecycle rules delete: old versions of deleted objects."""
        assert self.target.bucket is not None, "a stack of our own has a bucket"
        bucket = Bucket(self.target.bucket, Evidence())
        came = {each.rpartition(" ")[0] for each in holdings(self.target).objects - before.objects}
        for key in came - set(bucket.keys("")):
            bucket.purge(key, lambda *_: True)

    def whole(self) -> str:
        """Run the complete live suite on taped links; nothing may be left, and no secret may leak.

        A secret may appear in one header of a request only, not in command lines, console or reports.
        """
        self.apply(_TAPED)
        before, began = holdings(self.target), time.monotonic()
        file = environment(self.target, self._next())
        keys, secrets = _secrets_of(self.target)
        search, said = Search([*keys, *secrets]), file.parent / "said.txt"
        with self._begun(self._visit(file), said) as visit:
            shown = shown_by_processes(visit, search, _PATIENCE)
        problems = [] if visit.returncode == Exit.OK else [f"exit code {visit.returncode}, not 0"]
        problems += before.changes(holdings(self.target))
        problems += [*shown, *kept_in_files(file.parent / "reports", search)]
        told = said.read_text(errors="replace")
        problems += [f"the console shows {held}" for held in [search.first(told.encode())] if held]
        problems += self._taped(keys, secrets)
        return self._judged("a whole visit", problems, time.monotonic() - began, told)

    def _taped(self, keys: Sequence[str], secrets: Sequence[str]) -> list[str]:
        """Report the content of the tapes; return leaks, or signs that the tapes are incomplete."""
        links = self.target.logs["mlflow"].parents[1] / "links"
        problems: list[str] = []
        for link in sorted(_TAPED.links.taped):
            held = listened(links / f"{link}.tape", keys, secrets)
            self._say(
                f"       to {link}: {held.bytes:,} bytes on {held.connections:,} connections, a key {held.declared:,}"
                f" times where it is declared to be, a secret elsewhere on {len(held.strays)}"
            )
            problems += held.strays
            problems += [] if held.bytes else [f"nothing was sent to {link}"]
            problems += [] if held.declared or link != "proxy" else ["no key was sent to the proxy"]
        return problems

    def crash(self, crash: Crash) -> str:
        """Crash a run; the janitor must restore everything, or the ledger must list what it cannot.

        It uses the ledger, or the names if the ledger is lost.
        """
        before, began = holdings(self.target), time.monotonic()
        file = environment(self.target, self._next())
        run_id = _LONG_AGO + new_run_id()[-6:] if crash.lost else new_run_id()
        said = file.parent / "said.txt"
        code = self._crashed(crash, file, run_id, said)
        told = said.read_text(errors="replace")
        problems = [] if self._sent(file) else ["nothing was sent"]
        problems += ["a traceback"] if "Traceback" in told else []
        if code is not None:
            problems += self._reported(code, file, run_id, begun=_BEGUN.search(told) is not None)
        left = len(before.changes(holdings(self.target)))
        if crash.lost:
            shutil.rmtree(file.parent / "reports" / "ledgers")
        problems += self._swept(file)
        after = before.changes(holdings(self.target))
        hidden = [line for line in after if line.startswith("uploads: came ")] if self._hides(crash) else []
        problems += self._unnamed([line for line in after if line not in hidden], file)
        named = len(after) - len(hidden)
        stay = [f"{named} things stay, named in the ledger"] if named else []
        stay += [f"{len(hidden)} unfinished uploads stay, which the store lists to nobody"] if hidden else []
        became = ", ".join(stay) or "identical afterwards"
        return self._judged(f"{crash}: {left} things left, {became}", problems, time.monotonic() - began, told)

    def _hides(self, crash: Crash) -> bool:
        """Return whether an unfinished upload can be found by nobody: its key was in the ledger alone."""
        return crash.lost and hides_uploads(self.target)

    def _crashed(self, crash: Crash, file: Path, run_id: str, said: Path) -> int | None:
        """Start a run and crash it; return its exit code, ``None`` if it was killed."""
        with self._begun([*self._visit(file, crash.files), f"--run-id={run_id}"], said) as visit:
            return carry_out(crash, visit, lambda: self._sent(file))

    @contextmanager
    def _begun(self, command: Sequence[str], said: Path) -> Iterator[subprocess.Popen[str]]:
        """Yield a started program in its own process group, with its output in a file."""
        with said.open("w") as output:
            begun = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, text=True
            )
        try:
            yield begun
        finally:
            if begun.poll() is None:
                os.killpg(begun.pid, signal.SIGKILL)
                begun.wait()

    def _reported(self, code: int, file: Path, run_id: str, *, begun: bool) -> list[str]:
        """Return what a run that was asked to end after it had ``begun`` to judge failed to report."""
        told = file.parent / "reports" / "runs" / run_id / "verdicts.json"
        problems = [] if code in (Exit.INTERRUPTED, Exit.OK) else [f"exit code {code}, not 2"]
        return problems + (["no report of what was judged"] if begun and not told.exists() else [])

    def _unnamed(self, changes: Sequence[str], file: Path) -> list[str]:
        """Return differences from before that no ledger lists as left."""
        found = [str(row[0]) for row in self._asked(file, _STANDING)]
        names = {*found, *(repr(name)[1:-1] for name in found)}  # as a row of the database is written, too
        return [line for line in changes if not _has_one(line, names)]

    def _swept(self, file: Path) -> list[str]:
        """Run the janitor; return its errors."""
        reports = f"--report-dir={file.parent / 'reports'}"
        janitor = [python(), "-m", "registry_conformance", "janitor", f"--env-file={file}", "--older-than=0m", reports]
        done = self._run(janitor)
        if done.returncode == Exit.OK:
            return []
        last = (done.stdout + done.stderr).strip().splitlines()[-10:]
        return [f"the janitor's exit code {done.returncode}, not 0", *last]

    def _visit(self, file: Path, checks: Sequence[str] = ()) -> list[str]:
        """Return the command of a live run, by default of all checks."""
        reports = f"--report-dir={file.parent / 'reports'}"
        return [
            python(),
            "-m",
            "pytest",
            *(checks or ["suites/live"]),
            f"--env-file={file}",
            reports,
            "-n2",
            *_NO_CACHE,
        ]

    def _run(
        self, command: Sequence[str], variables: Mapping[str, str] = TRUE.variables, patience: float = _PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        around = child_environment(without="") | dict(variables)
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=patience, check=False, env=around
        )

    def _next(self) -> Path:
        self._played += 1
        return self._folder / f"{self._played}"

    def _ledgers(self, file: Path) -> Iterator[Path]:
        return (file.parent / "reports" / "ledgers" / file.stem).glob("*.sqlite")

    def _sent(self, file: Path) -> int:
        return sum(int(str(row[0])) for row in self._asked(file, "SELECT requests FROM spent"))

    def _asked(self, file: Path, question: str) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        for ledger in self._ledgers(file):
            with closing(sqlite3.connect(ledger, timeout=30)) as opened:
                try:
                    rows += opened.execute(question).fetchall()
                except sqlite3.OperationalError:
                    continue  # the file is there, its tables are not yet
        return rows

    def _judged(self, name: str, problems: Sequence[str], seconds: float, said: str) -> str:
        self._say(f"{'wrong' if problems else 'ok':<6} {name} ({seconds:.0f} s)")
        if not problems:
            return ""
        for problem in problems[:20]:
            self._say(f"       {problem}")
        for line in said.strip().splitlines()[-25:]:
            self._say(f"       | {line[:200]}")
        return name


def _secrets_of(target: Target) -> tuple[list[str], list[str]]:
    """Return the API keys of a target, and the secrets that no request contains."""
    assert target.bucket is not None, "a stack of our own has a bucket"
    keys = [key for role in target.keys if (key := target.api_key(role))]
    return keys, [target.bucket.secret_key]


def _has_one(line: str, names: Iterable[str]) -> bool:
    return any(name in line for name in names)


def _mutating(log: Path, start: int) -> list[str]:
    """Return the changing requests in MLflow's own log from a position on."""
    with log.open("rb") as opened:
        opened.seek(start)
        lines = opened.read().decode(errors="replace").splitlines()
    asked = [json.loads(line) for line in lines if line.startswith('{"request_id"')]
    return [f"{one['method']} {one['path']}" for one in asked if changes(one["method"], one["path"])]
