"""Builds the record of a run from what its controller knows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.machine import client_version, command_line, suite_version
from registry_conformance.judge.report.proof import mutant_score, score
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.target.target import Target
from registry_conformance.run.session.arguments import is_load, whole
from registry_conformance.run.session.context import Context
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.session.live_request import beyond
from registry_conformance.run.session.load_request import LOAD


@dataclass
class RunClock:
    """Start and identity of a run, for its record."""

    config: pytest.Config
    context: Context
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """The run's duration so far."""
        return time.monotonic() - self.began

    def record(
        self, code: Exit, problem: str, records: list[CheckRecord], target: Target | None, *, live: bool, owned: bool
    ) -> RunRecord:
        """Return the record of a run that ends now; ``owned`` is whether it has a local stack."""
        settings, register = self.context.settings, self.context.register
        name = f"the {settings.stack} stack"
        return RunRecord(
            run_id=settings.run_id,
            suite_version=suite_version(),
            register=register,
            target=target.describe() if target else self._undescribed(name),
            started=self.started.isoformat(timespec="milliseconds"),
            finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=self.seconds,
            exit_code=code,
            command=command_line(),
            problem=problem,
            records=records,
            beyond={} if settings.plan else self._beyond(target, live=live),
            series=self._series(target, owned=owned) if target else name,
            whole=whole(self.config),
            client=settings.client.version if settings.client else client_version(),
            load=self.config.stash.get(LOAD, None),
            fault_score=score(settings.report_dir, suite_version(), register.version),
            mutant_score=mutant_score(settings.report_dir, suite_version(), register.version),
        )

    def _series(self, target: Target, *, owned: bool) -> str:
        """Return what two runs must have in common to be comparable."""
        settings = self.context.settings
        load = f" under load: {LoadPlan.parse(settings.load).series}" if settings.load else ""
        return target.name + replace(settings, load="").rerun_options * owned + load

    def _beyond(self, target: Target | None, *, live: bool) -> dict[str, str]:
        """Return requirement id -> why no check can judge it here: not promised, or needs another target."""
        unasked = {}
        if target is not None:
            promises, register = target.promises, self.context.register.values()
            mlflow = target.versions.get("mlflow", "")
            pinned = self.context.register.unasked
            found = {
                each.id: pinned.get(each.id) or promises.unasked(each.profile, each.feature) or each.unasked_of(mlflow)
                for each in register
            }
            unasked = {name: why for name, why in found.items() if why}
        found = beyond(live=live) | unasked
        loaded = is_load(self.config)  # such a run judges exactly these requirements
        return {
            name: why
            for name, why in found.items()
            if name in self.context.register and not (loaded and name not in unasked)
        }

    def _undescribed(self, name: str) -> dict[str, object]:
        """Return the description of a stack that did not start."""
        settings = self.context.settings
        empty: dict[str, object] = {"doors": {}, "versions": {}, "capabilities": {}, "ways": {}}
        return {"name": name, "kind": settings.stack, **empty, "faults": list(settings.faults)}
