"""Clean-up of a live target: only objects in the run's ledger are deleted, and each deletion is verified."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from registry_conformance.judge.clients.bucket import BucketError
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import NotAllowed
from registry_conformance.judge.live import presence
from registry_conformance.judge.live.experiment_files import ExperimentFiles
from registry_conformance.judge.live.extent import ExtentError, RemovalGuard, artifact_folder, experiment_id
from registry_conformance.judge.live.holder import Ask, Holder
from registry_conformance.judge.live.presence import NotKnownError, Observation, State, StillThereError, need
from registry_conformance.judge.live.stored_files import StoredFiles, StoredObjects
from registry_conformance.judge.shown_name import no_program
from registry_conformance.judge.target.guard import Guard
from registry_conformance.judge.target.ledger import LedgerError, bears, identity_of
from registry_conformance.judge.target.requests import ARTIFACT, EXPERIMENT, MODEL, UPLOAD, GuardError, Made
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.target.workspace import experiment_folder

PATIENCE = 600.0
"""Seconds that the program of an operator may take to remove deleted experiments for good."""
_ORDER = (UPLOAD, ARTIFACT, MODEL, EXPERIMENT)
"""Unfinished uploads first: a bucket keeps them when their folder goes."""


@dataclass(frozen=True, slots=True)
class CleanupResult:
    """The result: how many objects are ``gone``, a sentence for each that is ``left`` or may be, and ``notes``.

    ``kept`` are ids of experiments that MLflow keeps as deleted, which no request removes permanently.
    """

    gone: int
    left: tuple[str, ...]
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


_SEPARATE = (
    "not deleted: a deletion names the id alone, and another of the servers may have a different experiment of that id"
)


def clean(target: Target, guard: Guard, purge: Sequence[str] = (), dry: bool = False) -> CleanupResult:
    """Delete what a run's ledger lists, unfinished uploads first, the newest first; ``dry`` only lists it.

    ``purge`` is the command that permanently deletes experiments, given their ids.
    """
    try:
        made = sorted(guard.left(identity_of(target)), key=lambda one: _ORDER.index(one.kind))
    except LedgerError as problem:
        return CleanupResult(0, (str(problem),))
    if dry:
        return CleanupResult(0, tuple(f"{one.kind} {one.name}" for one in made))
    cleaner = _Cleaner(target, guard)
    parted = cleaner.parted(made)
    problems = [cleaner.remove(one) for one in made]
    left = [f"{parted}; what either holds is not known"] * bool(parted) + [each for each in problems if each]
    done = [one for one, problem in zip(made, problems, strict=True) if not problem]
    kept = cleaner.kept
    failed = _purged([*purge, ",".join(kept)]) if kept and purge else ""
    if failed:
        left.append(failed)
        done = [one for one in done if one not in kept.values()]  # they stay in the ledger, for the next clean-up
    elif purge:
        kept = {}
    notes = () if parted else _settled(guard, done)
    return CleanupResult(len(done), tuple(left), tuple(kept), (*cleaner.notes, *notes))


def _settled(guard: Guard, done: Sequence[Made]) -> tuple[str, ...]:
    """Record in the ledger what is gone; return an error if it cannot be written."""
    try:
        for one in done:
            guard.gone(one)
    except GuardError as problem:
        return (f"{problem}; the next janitor looks for all of it again",)
    return ()


class _Cleaner:
    def __init__(self, target: Target, guard: Guard) -> None:
        self._ledger = guard
        self._guard = RemovalGuard(guard.run, guard.workspace)
        self._made = guard.experiments()
        self._holder = Holder(target, self._guard)
        self._access = target.bucket
        objects = None
        if target.bucket:
            objects = StoredObjects(replace(target.bucket, guard=self._guard), guard.workspace, guard.began)
        self._files = StoredFiles(self._holder, objects)
        self._of_experiments = ExperimentFiles(
            self._files, guard.written(), complete=not guard.adopted, workspace=guard.workspace
        )
        self._separate = ""
        self.kept: dict[str, Made] = {}

    @property
    def notes(self) -> Sequence[str]:
        """What the user is told of the folders of the run's experiments."""
        return self._of_experiments.notes

    def parted(self, made: Sequence[Made]) -> str:
        """Return where servers without a common database answer, empty if none is seen; it is remembered."""
        known = [one for one in made if one.kind == EXPERIMENT]
        self._separate = self._holder.parted(self._by_name(known[0].name)) if known else ""
        return self._separate

    def remove(self, made: Made) -> str:
        """Delete one object; return why it still exists or may, empty if it is gone.

        An experiment that MLflow keeps as deleted counts as gone, and its id is added to ``kept``.
        """
        how: dict[str, Callable[[Made], None]] = {
            MODEL: self._model,
            EXPERIMENT: self._experiment,
            ARTIFACT: self._artifact,
            UPLOAD: self._upload,
        }
        try:
            how[made.kind](made)
        except NotKnownError as problem:
            return f"{made.kind} {made.name}: whether it is gone is not known: {problem}"
        except (StillThereError, ExtentError, NotAllowed, BucketError) as problem:
            return f"{made.kind} {made.name}: {problem}"
        return ""

    def _model(self, made: Made) -> None:
        def ask(wire: MlflowHttp) -> Observation:
            return presence.of_model(self._get(wire, "registered-models/get", name=made.name), made.name)

        met = self._holder.send("DELETE", f"{REST}/registered-models/delete", json={"name": made.name})
        sight = self._holder.agreed(ask)
        if sight.state is State.DENIED and (made.deleted or (met.ok and met.json() == {})):
            return  # MLflow deleted it, and with it the permission by which this user could see it
        need(sight, State.GONE, met)

    def _experiment(self, made: Made) -> None:
        if self._separate:
            raise StillThereError(_SEPARATE)
        found = self._holder.agreed(self._by_name(made.name))
        if found.state is State.GONE:
            self._need_renamed_or_gone(made)
            return
        if not found.about:
            raise NotKnownError(found.said)
        own_id = self._confirmed(made, found)
        location = str(found.about.get("artifact_location", ""))
        try:
            if folder := artifact_folder(location, own_id, self._access, self._guard.workspace):
                self._of_experiments.remove(own_id, folder, served=location.startswith("mlflow-artifacts:"))
        except Exception:
            self._delete_experiment(made, own_id)
            self.kept.pop(own_id, None)  # without the experiment the owner of its files would be unknown
            raise
        self._delete_experiment(made, own_id)

    def _delete_experiment(self, made: Made, own_id: str) -> None:
        here = self._confirmed_here(made, own_id)
        met = self._holder.send("POST", f"{REST}/experiments/delete", where=here, json={"experiment_id": own_id})
        need(self._holder.agreed(self._by_id(own_id)), State.DELETED, met)
        with suppress(GuardError):  # what is gone cannot be noted either, and that is told
            self._ledger.ended(made, own_id)
        self.kept[own_id] = made

    def _confirmed_here(self, made: Made, own_id: str) -> Ask:
        """Return the question whether a place itself knows the experiment of the run by this id."""

        def ask(wire: MlflowHttp) -> Observation:
            sight = self._by_id(own_id)(wire)
            own = str(sight.about.get("name", "")) == made.name
            return sight if own else Observation(State.UNKNOWN, sight.said)

        return ask

    def _need_renamed_or_gone(self, made: Made) -> None:
        """Raise ``NotKnownError`` if the experiment exists by its id, under a name that is not the run's.

        So it is if MLflow gave it an id that it does not know: it keeps what is deleted, and nobody deleted this.
        """
        for own_id in (own_id for own_id, name in self._made.items() if name == made.name):
            known = self._holder.agreed(self._by_id(own_id))
            if known.state is State.GONE and own_id in made.ids and not made.deleted:
                raise NotKnownError(
                    f"MLflow made it and does not find it, though it was not deleted: it reads elsewhere than it "
                    f"writes, or somebody removed it for good: {known.said}"
                )
            if known.state is not State.GONE and not bears(str(known.about.get("name", "")), self._guard.run):
                raise NotKnownError(f"MLflow does not find it by its name, and says of its id: {known.said}")

    def _confirmed(self, made: Made, found: Observation) -> str:
        """Return the id of an experiment of the run, confirmed by name and by id."""
        known = self._holder.agreed(self._by_id(str(found.about.get("experiment_id", ""))))
        own_id = experiment_id(made, found.about, known.about)
        self._guard.experiments[own_id] = made.name
        return own_id

    def _artifact(self, made: Made) -> None:
        self._confirm_top(made)
        self._files.remove(made.name)

    def _upload(self, made: Made) -> None:
        """Abort a multipart upload, in the bucket if accessible, else through a door; then delete its object."""
        self._confirm_top(made)
        folder, _, file = made.name.rpartition("/")
        refused: list[Exchange] = []
        for own_id in made.ids:
            document = {"path": file, "upload_id": own_id}
            met = self._holder.send("POST", f"{ARTIFACTS}/mpu/abort/{quote(folder)}", json=document)
            refused += [] if met.ok and isinstance(met.json(), dict) else [met]
        if self._files.objects is not None:
            self._files.objects.give_up(made.name)
        elif refused or made.unanswered > 0:
            said = str(refused[0]) if refused else "no answer told by which id it can be given up"
            raise NotKnownError(f"{said}, and nobody may look into the bucket")
        self._files.remove(made.name)

    def _confirm_top(self, made: Made) -> None:
        """Confirm that the experiment whose folder a path begins with is the run's."""
        own_id = experiment_folder(made.name, self._guard.workspace, self._made).rpartition("/")[2]
        if own_id and own_id not in self._guard.experiments:
            owner = Made(EXPERIMENT, self._made[own_id], made.door, (own_id,))
            self._confirmed(owner, self._holder.agreed(self._by_name(owner.name)))

    def _by_name(self, name: str) -> Ask:
        return lambda wire: presence.of_experiment(
            self._get(wire, "experiments/get-by-name", experiment_name=name), name
        )

    def _by_id(self, own_id: str) -> Ask:
        return lambda wire: presence.of_experiment_id(self._get(wire, "experiments/get", experiment_id=own_id), own_id)

    def _get(self, wire: MlflowHttp, what: str, **query: str) -> Exchange:
        return self._holder.ask(wire, "GET", f"{REST}/{what}", query=query)


def _purged(command: Sequence[str]) -> str:
    try:
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return f"deleted experiments: {command[0]} did not end within {PATIENCE:.0f} s"
    except (OSError, ValueError) as problem:
        return f"deleted experiments: {no_program(command[0], Path.cwd(), problem)}"
    if said.returncode:
        last = said.stderr.strip().splitlines()[-1:] or [f"exit code {said.returncode}"]
        return f"deleted experiments: {command[0]} failed: {last[0][:300]}"
    return ""
