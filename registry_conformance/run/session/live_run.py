"""A live run: opening the target, giving up, and cleaning up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.diagnosis.preflight.target import Examined, examine_broken
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.live.address import environment_at
from registry_conformance.judge.live.discovery import features_at, with_broken_doors
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.guarded_session import GuardedSession
from registry_conformance.judge.live.janitor import left_by_earlier_runs
from registry_conformance.judge.live.reader import file_of, read
from registry_conformance.judge.live.separate_databases import separate_databases
from registry_conformance.judge.live.target import guard_of, target_of
from registry_conformance.judge.load.allowance import least_cost
from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.report.record import CheckRecord
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.guard import MIB, Guard
from registry_conformance.judge.target.ledger import LedgerError, identity_of
from registry_conformance.judge.target.requests import GuardError
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.run.session.expected_failures import excused
from registry_conformance.run.settings import Settings

_PATIENCE = 10.0
Say = Callable[[str], None]


class LiveRun:
    """A run against an environment; ``target`` is how checks reach it, ``load`` the load that it allows."""

    def __init__(self, settings: Settings, environment: EnvironmentFile) -> None:
        self._environment = environment
        self.load = settings.load
        ledgers = settings.report_dir / "ledgers" / settings.env
        self._guard: Guard = guard_of(environment, settings.run_id, ledgers, loads=bool(settings.load))
        self.register: int = environment.register_release
        self.target: Target = target_of(settings.env, environment, self._guard)
        purge = environment.cleanup.purge if environment.cleanup else ()
        self._session = GuardedSession(self.target, self._guard, purge)
        self._broken_doors: Future[Examined] | None = None

    def open(self, say: Say) -> Target:
        """Create the ledger, announce what will be written, request the MLflow version, and return the target.

        Leftovers of earlier runs are reported first. Raises ``LedgerError`` if the ledger cannot be created.
        """
        for earlier in left_by_earlier_runs(self.target, self._guard.file.parent):
            say(earlier)
        self._session.open()
        door = self.target.doors[0]
        say(f"judging {self.target.name} at {door.url}, {self._environment.access} ...")
        for line in self._session.announcement():
            say(f"  {line}")
        try:
            self.target = with_broken_doors(self.target, self._guard.run)
            for broken in self.target.doors:
                if broken.broken:
                    say(f"the {broken.name} door is broken, its checks are not sent: {broken.broken}")
            self._look_at_broken_doors()
            self.target = self._discovered(self.target.working_doors[0])
            self._look_for_separate_databases(say)
        except Mismatch:
            return self.target
        return self.target

    def _look_for_separate_databases(self, say: Say) -> None:
        """Allow nothing to be changed by an id if servers answer that do not share a database."""
        if self._guard.read_only:
            return
        if separate := separate_databases(self.target, self._guard):
            self._guard.distrust_ids(separate)
            say(f"{separate}. The same id may be somebody else's experiment there: no check changes one")

    def _look_at_broken_doors(self) -> None:
        """Start to diagnose the broken doors in the background, if other doors work."""
        broken = [door for door in self.target.doors if door.broken]
        if broken and len(broken) < len(self.target.doors):
            thread = ThreadPoolExecutor(1)
            self._broken_doors = thread.submit(examine_broken, self.target, self._guard.run)
            thread.shutdown(wait=False)

    @property
    def at_broken_doors(self) -> Examined | None:
        """The diagnosis of the broken doors, ``None`` if there are none, or only such."""
        return self._broken_doors.result() if self._broken_doors else None

    def _discovered(self, door: Door) -> Target:
        """Return the target with the features that a working door reports, unless the file declares them."""
        asked = MlflowHttp(door, self.target.key_at(door), Evidence(), self._guard.run, timeout=_PATIENCE)
        met = asked.version()
        if not (met.ok and met.text.strip()[:1].isdigit()):
            return self.target
        version = met.text.strip()[:20]
        known = self.target.promises
        features = {**features_at(asked, version), **known.features}
        found = replace(
            self.target, versions={"mlflow": f"mlflow {version}"}, promises=replace(known, features=features)
        )
        downloads = features.get("presigned-downloads")
        if self._environment.artifacts.downloads is None and downloads is not None and not downloads.present:
            found = replace(found, ways=replace(found.ways, downloads="proxied"))
        return found

    @property
    def spent(self) -> dict[str, Any]:
        """The run's cost for the target so far and its limits: requests, bytes, objects, seconds."""
        try:
            spent = self._guard.spent()
        except (GuardError, LedgerError):
            return {}  # the ledger cannot be read any more, which the run ended with
        return {name: {"used": used, "allowed": allowed} for name, (used, allowed) in spent.items()}

    def excused(self, records: Sequence[CheckRecord], *, whole: bool) -> list[CheckRecord]:
        """Return the records after the environment's expected failures are applied."""
        return excused(records, self._environment.expected_failures, datetime.now(UTC).date(), whole=whole)

    def given_up(self) -> str:
        """Return why the run must end, empty if it need not: its budget is spent, or no door answers that worked."""
        if self._guard.over:
            return self._guard.over
        doors = self.target.working_doors
        silent = [door for door in doors if self._guard.silence(door.name)]
        if silent and all(door in silent or self._is_silent(door) for door in doors):
            return f"nobody answers there: {self._guard.silence(silent[0].name)} requests in a row had no answer"
        return ""

    @property
    def silent(self) -> bool:
        """Whether no door answers any more that worked."""
        return all(self._guard.silence(door.name) for door in self.target.working_doors)

    def _is_silent(self, door: Door) -> bool:
        """Send requests to a door that has not been given up, until it answers or is given up."""
        wire = MlflowHttp(door, None, Evidence(), self._guard.run, timeout=_PATIENCE)
        try:
            for _ in range(self._guard.patience):
                wire.health()
        except Mismatch:
            return True
        return bool(self._guard.silence(door.name))

    def not_cleaned_up(self) -> tuple[str, ...]:
        """Return what the ledger lists as possibly still there."""
        try:
            left = self._guard.left(identity_of(self.target))
        except LedgerError as problem:
            return (str(problem),)
        return tuple(f"{made.kind} {made.name}: not cleaned up yet" for made in left)

    def close(self, say: Say) -> tuple[str, ...]:
        """Remove what the run created, report the result, and return what is left or may be."""
        closed = replace(self._session, target=self.target).close()
        for line in closed.lines:
            say(line)
        return closed.left


def allowed_load(settings: Settings, environment: EnvironmentFile) -> str:
    """Return the requested load with the limits that the environment file declares.

    Raises ``EnvironmentFileError`` if it allows none.
    """
    caps = environment.load
    if caps is None:
        place = environment.at("load") if not settings.url else f"--url={settings.url}"
        how = "" if not settings.url else "write the file of the environment by `registry-conformance live init`, and "
        raise EnvironmentFileError(
            f"{place}: no load is put on a target without leave: {how}add a table [load] with requests, megabytes, "
            "objects and rate, the most that a load may cost it"
        )
    if environment.access == "read-only":
        raise EnvironmentFileError(f"{environment.at('access')} is read-only: a load writes")
    plan = LoadPlan.parse(settings.load)
    if plan.users > caps.users:
        raise EnvironmentFileError(
            f"{environment.at('load.users')} allows {caps.users} users, and {plan.users} are asked for"
        )
    least = least_cost(plan)
    for name, wanted, most in (
        ("requests", least.requests, caps.requests),
        ("megabytes", least.bytes / MIB, caps.megabytes),
        ("objects", least.objects, caps.objects),
    ):
        if wanted > most:
            raise EnvironmentFileError(
                f"{environment.at(f'load.{name}')} allows {most}, and {plan.registrations} registrations take "
                f"{math.ceil(wanted)} at least"
            )
    if plan.kill:
        raise EnvironmentFileError(f"kill={plan.kill}: only a part of a stack of our own is killed")
    declared = {name: value for name, value in caps.budgets.model_dump().items() if value is not None}
    return str(replace(plan, budgets=tuple((declared | dict(plan.budgets)).items())))


def environment_of(settings: Settings, register: Register) -> EnvironmentFile:
    """Return the environment that a run judges: from its file, or from a URL.

    With ``--read-only`` the run is read-only whatever the file allows. Raises ``EnvironmentFileError``.
    """
    environment = (
        environment_at(settings.url) if settings.url else read(settings.env_file or file_of(settings.env), register)
    )
    return environment.model_copy(update={"access": "read-only"}) if settings.read_only else environment
