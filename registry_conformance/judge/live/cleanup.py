"""Clean-up of an environment: what the ledger holds and bears the run's name goes, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, MlflowHttp, location_path
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.target.guard import Guard, Made
from registry_conformance.judge.target.target import Door, Target

PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of it: how many things are ``gone``, a sentence for each one ``left``, and what MLflow ``kept``.

    ``kept`` are ids of experiments in MLflow's deleted stage, which no request removes for good.
    """

    gone: int
    left: tuple[str, ...]
    kept: tuple[str, ...] = ()


def clean(target: Target, guard: Guard, purge: Sequence[str] = (), dry: bool = False) -> Cleaned:
    """Remove what a run's ledger holds, through whichever door works, the last made first; ``dry`` only names it.

    ``purge`` is the program that removes deleted experiments for good, given their ids.
    """
    made = [one for one in guard.left() if guard.prefix in one.name or one.kind in ("artifact", "upload")]
    if dry or not made:
        return Cleaned(0, tuple(f"{one.kind} {one.name}" for one in made))
    doors = [
        replace(door, guard=None, direct=False) for door in (*target.doors, *([target.origin] if target.origin else []))
    ]
    cleaner = _Cleaner(target, guard, doors)
    left = [problem for one in made if (problem := cleaner.remove(one))]
    kept = tuple(cleaner.kept)
    if not kept or not purge:
        return _settled(guard, made, left, cleaner)
    if problem := _purged([*purge, ",".join(kept)]):  # they stay in the ledger, for whoever comes next
        return Cleaned(len(made) - len(left) - len(kept), (*left, problem), kept)
    return replace(_settled(guard, made, left, cleaner), kept=())


def _settled(guard: Guard, made: Sequence[Made], left: Sequence[str], cleaner: _Cleaner) -> Cleaned:
    for experiment in cleaner.kept.values():
        guard.gone(experiment)
    return Cleaned(len(made) - len(left), tuple(left), tuple(cleaner.kept))


class _Cleaner:
    def __init__(self, target: Target, guard: Guard, doors: Sequence[Door]) -> None:
        self._target, self._guard, self._doors = target, guard, doors
        self._bucket = Bucket(target.bucket, Evidence()) if target.bucket else None
        self.kept: dict[str, Made] = {}

    def remove(self, made: Made) -> str:
        """Remove one thing; return why it is still there, empty where it is gone.

        An experiment that MLflow keeps as deleted is in ``kept``, by its id, and still in the ledger.
        """
        how: dict[str, Callable[[Made], str]] = {
            "model": self._model,
            "experiment": self._experiment,
            "artifact": self._artifact,
            "upload": self._upload,
        }
        try:
            problem = how[made.kind](made)
        except (OSError, Mismatch, KeyError) as raised:
            problem = f"{type(raised).__name__}: {raised}"
        if not problem:
            if made not in self.kept.values():
                self._guard.gone(made)
            return ""
        return f"{made.kind} {made.name}: {problem}"

    def _ask(self, method: str, path: str, **request: object) -> Exchange:
        """Ask at one door after the other until one answers as MLflow does; return the last answer."""
        for door in self._doors:
            key = None if door.name == "origin" else self._target.key_at(door)
            wire = MlflowHttp(door, key, Evidence(), self._guard.prefix)
            met = wire.send(method, path, **request)  # type: ignore[arg-type] # handed on as they came
            if met.ok or (met.status == 404 and met.error_code == "RESOURCE_DOES_NOT_EXIST"):
                return met
        return met

    def _model(self, made: Made) -> str:
        met = self._ask("DELETE", "/api/2.0/mlflow/registered-models/delete", json={"name": made.name})
        return "" if met.ok or met.status == 404 else str(met)

    def _experiment(self, made: Made) -> str:
        found = self._ask("GET", "/api/2.0/mlflow/experiments/get-by-name", query={"experiment_name": made.name})
        if found.status == 404:
            return ""
        if not found.ok:
            return str(found)
        experiment = found.document["experiment"]
        if experiment["name"] != made.name:
            return f"another experiment answers to its name: {experiment['name']}"
        number, location = str(experiment["experiment_id"]), str(experiment["artifact_location"])
        problem = self._files(location)
        if str(experiment["lifecycle_stage"]) == "active":
            met = self._ask("POST", "/api/2.0/mlflow/experiments/delete", json={"experiment_id": number})
            problem = problem or ("" if met.ok else str(met))
        if not problem:
            self.kept[number] = made
        return problem

    def _artifact(self, made: Made) -> str:
        """Remove a file; what nobody can get any more is not there, where nobody may look into the bucket."""
        problem = self._files(f"mlflow-artifacts:/{made.name}")
        if not problem or self._bucket is not None:
            return problem
        return problem if self._ask("GET", f"{ARTIFACTS}/artifacts/{quote(made.name)}").ok else ""

    def _upload(self, made: Made) -> str:
        """Give up an upload in parts: in the bucket where that is open, through a door where not; and what it made."""
        key = f"mlflow-artifacts:/{made.name}"
        problem = self._bucket.give_up(self._bucket.key_for(key)) if self._bucket else self._given_up(made)
        if problem and self._bucket and not self._given_up(made):
            problem = ""
        return problem or self._artifact(made)

    def _given_up(self, made: Made) -> str:
        folder, _, file = made.name.rpartition("/")
        for upload_id in self._guard.uploads(made.name):
            met = self._ask(
                "POST", f"{ARTIFACTS}/mpu/abort/{quote(folder)}", json={"path": file, "upload_id": upload_id}
            )
            if not met.ok and met.status != 404:
                return str(met)
        return ""

    def _files(self, location: str) -> str:
        """Remove every file under a location, through a door, and from the bucket where that is open.

        What the bucket says decides there: it holds the versions too.
        """
        problem = ""
        if location.startswith("mlflow-artifacts:"):
            met = self._ask("DELETE", f"{ARTIFACTS}/artifacts/{quote(location_path(location))}")
            problem = "" if met.ok or met.status == 404 else f"{ARTIFACTS}: {met}"
        return problem if self._bucket is None else self._bucket.purge(self._bucket.key_for(location))


def _purged(command: Sequence[str]) -> str:
    try:
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"deleted experiments: {command[0]} cannot be run: {problem}"
    if said.returncode:
        last = said.stderr.strip().splitlines()[-1:] or [f"exit code {said.returncode}"]
        return f"deleted experiments: {command[0]} failed: {last[0][:300]}"
    return ""
