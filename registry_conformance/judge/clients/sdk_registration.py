"""The complete registration flow as a third-party developer's script runs it, and loading the model back."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.direct_store_access import put_below
from registry_conformance.judge.clients.local_artifacts import LocalLocationError
from registry_conformance.judge.clients.model_flavors import MODEL, Trained, log, train
from registry_conformance.judge.clients.registry import Registry, digest_folder
from registry_conformance.judge.evidence.exchange import Body, Exchange


@dataclass(frozen=True, slots=True)
class RegistrationPlan:
    """What a registration creates: the kind of model, and every name and tag."""

    kind: str
    experiment: str
    model: str
    alias: str
    tags: Mapping[str, str]


STEPS = (
    "experiment",
    "run",
    "params",
    "metrics",
    "artifacts",
    "model",
    "registered model",
    "version",
    "tags",
    "alias",
)
"""The steps of a journey, in their order."""
DIARY = "diary"
"""The file in the client's home with the completed steps, for processes that wait for one."""


@dataclass(slots=True)
class SdkRegistration:
    """The result of a registration, as the client's process knows it.

    ``reached`` names the completed steps, ``moments`` their times in seconds since the epoch; ``problem`` is empty, or
    says which step failed and how. ``notes`` are the plain artifacts of the run, path -> local content; ``model_files``
    the same for the model's own files. ``predictions`` are the model's predictions for ``inputs`` before it was
    registered.
    """

    plan: RegistrationPlan
    reached: list[str] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    problem: str = ""
    experiment_id: str = ""
    run_id: str = ""
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    notes: dict[str, Body] = field(default_factory=dict)
    model_id: str = ""
    source: str = ""
    version: str = ""
    model_files: dict[str, Body] = field(default_factory=dict)
    inputs: list[list[float]] = field(default_factory=list)
    predictions: list[int] = field(default_factory=list)
    exchanges: tuple[Exchange, ...] = ()
    diary: Path | None = None

    def done(self, step: str) -> None:
        """Record that a step is done now."""
        self.reached.append(step)
        self.moments.append(time.time())
        if self.diary is not None:
            with self.diary.open("a") as diary:
                diary.write(f"{step}\n")


@dataclass(frozen=True, slots=True)
class Return:
    """What a fresh process got when it loaded a model: its predictions, or its files; or the error."""

    predictions: list[int] = field(default_factory=list)
    files: dict[str, Body] = field(default_factory=dict)
    problem: str = ""
    exchanges: tuple[Exchange, ...] = ()


def register(developer: Developer, plan: RegistrationPlan) -> SdkRegistration:
    """Run the whole flow; a failed step is recorded in the result, an unusable door or key raises ``Mismatch``."""
    sdk_registration = SdkRegistration(plan, diary=developer.home / DIARY)
    with developer.registry() as registry:
        try:
            trained = train(plan.kind, developer.home)
            _track(registry, sdk_registration, trained)
            _upload(registry, sdk_registration, trained, developer.home)
            _publish(registry, sdk_registration)
        except Exception as problem:  # noqa: BLE001 - any failure of the SDK is the journey's outcome
            after = f"after {' → '.join(sdk_registration.reached)}: " if sdk_registration.reached else ""
            sdk_registration.problem = after + _words(problem)
        sdk_registration.exchanges = tuple(registry.exchanges)
    return sdk_registration


def load_back(developer: Developer, uri: str, inputs: list[list[float]]) -> Return:
    """Load a model by its registry URI and predict; without ``inputs``, download its files instead."""
    found, files, problem_text = [], {}, ""
    with developer.registry() as registry:
        try:
            if inputs:
                model = registry.sdk.pyfunc.load_model(uri)
                found = [int(answer) for answer in model.predict(_rows(inputs))]
            else:
                folder = developer.home / "downloaded"
                folder.mkdir()
                files = digest_folder(Path(registry.sdk.artifacts.download_artifacts(uri, dst_path=str(folder))))
        except Exception as problem:  # noqa: BLE001 - any failure of the SDK is the outcome
            problem_text = _words(problem)
        return Return(found, files, problem_text, tuple(registry.exchanges))


def _track(registry: Registry, sdk_registration: SdkRegistration, trained: Trained) -> None:
    sdk_registration.experiment_id = registry.client.create_experiment(sdk_registration.plan.experiment)
    sdk_registration.done("experiment")
    run = registry.sdk.start_run(
        experiment_id=sdk_registration.experiment_id, run_name=sdk_registration.plan.experiment
    )
    sdk_registration.run_id = run.info.run_id
    sdk_registration.done("run")
    registry.sdk.log_params(trained.params)
    sdk_registration.params = trained.params
    sdk_registration.done("params")
    registry.sdk.log_metrics(trained.metrics)
    sdk_registration.metrics = trained.metrics
    sdk_registration.done("metrics")


def _upload(registry: Registry, sdk_registration: SdkRegistration, trained: Trained, home: Path) -> None:
    notes = home / "notes"
    notes.mkdir()
    (notes / "training.txt").write_text(
        f"{sdk_registration.plan.kind} on 150 rows, score {trained.metrics['accuracy']:.3f}\n"
    )
    (notes / "blank.txt").touch()
    registry.sdk.log_artifacts(str(notes), "notes")
    sdk_registration.notes = {f"notes/{name}": body for name, body in digest_folder(notes).items()}
    sdk_registration.done("artifacts")
    already = set(registry.uploads())
    sdk_registration.model_id = log(sdk_registration.plan.kind, trained, registry, home)
    sent = {name: body for name, body in registry.uploads().items() if name not in already}
    below = "" if sdk_registration.model_id else f"{MODEL}/"  # without logged models it is among the run's artifacts
    sdk_registration.model_files = trained.local or {
        _below_artifacts(name).removeprefix(below): body for name, body in sent.items()
    }
    if sdk_registration.model_id and not sent:
        location = registry.client.get_logged_model(sdk_registration.model_id).artifact_location
        sdk_registration.model_files = put_below(location, registry.exchanges)
    sdk_registration.inputs, sdk_registration.predictions = trained.inputs, trained.predictions
    registry.sdk.end_run()
    sdk_registration.done("model")


def _publish(registry: Registry, sdk_registration: SdkRegistration) -> None:
    plan, client = sdk_registration.plan, registry.client
    client.create_registered_model(plan.model)
    sdk_registration.done("registered model")
    sdk_registration.source = (
        f"models:/{sdk_registration.model_id}"
        if sdk_registration.model_id
        else f"runs:/{sdk_registration.run_id}/model"
    )
    given = (
        {"model_id": sdk_registration.model_id} if sdk_registration.model_id else {"run_id": sdk_registration.run_id}
    )
    sdk_registration.version = str(client.create_model_version(plan.model, sdk_registration.source, **given).version)
    sdk_registration.done("version")
    for name, value in {**plan.tags, "mlflow_run_id": sdk_registration.run_id}.items():
        client.set_model_version_tag(plan.model, sdk_registration.version, name, value)
    sdk_registration.done("tags")
    client.set_registered_model_alias(plan.model, plan.alias, sdk_registration.version)
    sdk_registration.done("alias")


def _below_artifacts(name: str) -> str:
    """Return the path of a logged model's file below ``.../artifacts/``."""
    return name.partition("/artifacts/")[2]


def _rows(inputs: list[list[float]]) -> object:
    import numpy  # noqa: PLC0415 - with the rest of the heavy imports

    return numpy.array(inputs)


def _words(problem: BaseException) -> str:
    if isinstance(problem, LocalLocationError):
        return str(problem)
    return traceback.format_exception_only(problem)[-1].strip()[:600]
