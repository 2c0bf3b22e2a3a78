"""One registration as checks see it: what the client sent, what the API returns, what the bucket contains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.direct_store_access import signed
from registry_conformance.judge.clients.isolated_process import IsolatedProcess, IsolatedProcessError
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.registry import PROXIED
from registry_conformance.judge.clients.sdk_registration import (
    RegistrationPlan,
    Return,
    SdkRegistration,
    load_back,
    register,
)
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.expect import Mismatch, PreconditionFailed, expect_status

Facts = dict[str, tuple[int, str]]
"""Artifact URI -> size in bytes and sha256."""


@dataclass
class PlannedRegistration:
    """A registration that runs once and is shared by many checks; each step runs when first needed.

    ``told`` is whether a check already has the whole of it as its evidence.
    """

    isolated: IsolatedProcess
    developer: Developer
    plan: RegistrationPlan
    told: bool = False
    _returns: dict[bool, Return] = field(default_factory=dict)

    @cached_property
    def sdk_registration(self) -> SdkRegistration:
        """The result of the registration."""
        try:
            return self.isolated.call(register, self.developer, self.plan)
        except PreconditionFailed:
            raise
        except (AssertionError, IsolatedProcessError) as problem:
            return SdkRegistration(self.plan, problem=_connection_problem(problem))

    def back(self, *, forced: bool) -> Return:
        """Return what a fresh process loads by the model's alias, by default or forced through the door."""
        if forced not in self._returns:
            home = self.developer.home.with_name(f"{self.developer.home.name}-back-{len(self._returns)}")
            variables = PROXIED if forced else {}
            developer = replace(self.developer, home=home, variables=variables)
            uri = f"models:/{self.plan.model}@{self.plan.alias}"
            try:
                self._returns[forced] = self.isolated.call(load_back, developer, uri, self.sdk_registration.inputs)
            except PreconditionFailed:
                raise
            except (AssertionError, IsolatedProcessError) as problem:
                self._returns[forced] = Return(problem=_connection_problem(problem))
        return self._returns[forced]


@dataclass(frozen=True)
class Registration:
    """A registration seen through a check's door and, if the target allows it, in the bucket."""

    walk: PlannedRegistration
    door: MlflowHttp

    @property
    def plan(self) -> RegistrationPlan:
        """All names that the registration uses."""
        return self.walk.plan

    @property
    def sdk_registration(self) -> SdkRegistration:
        """The result of the registration; never raises."""
        return self.walk.sdk_registration

    def reaching(self, step: str) -> SdkRegistration:
        """Return the registration; raise ``PreconditionFailed`` with its problem if it did not reach ``step``."""
        if step not in self.sdk_registration.reached:
            raise PreconditionFailed(f"the registration to reach its step {step!r}", self.sdk_registration.problem)
        return self.sdk_registration

    def complete(self) -> SdkRegistration:
        """Return the registration; raise ``Mismatch`` if it failed."""
        if self.sdk_registration.problem:
            raise Mismatch("the registration to complete", self.sdk_registration.problem)
        return self.sdk_registration

    def uploads(self) -> list[Exchange]:
        """Return every artifact upload of the SDK, through the door or directly to the store."""
        return [
            exchange
            for exchange in self.sdk_registration.exchanges
            if exchange.method == "PUT" and ("/mlflow-artifacts/artifacts/" in exchange.url or signed(exchange))
        ]

    def run(self) -> dict[str, Any]:
        """Return the run as the API gives it."""
        run_id = self.reaching("run").run_id
        found: dict[str, Any] = expect_status(self.door.get("runs/get", run_id=run_id), 200).document["run"]
        return found

    def version(self) -> dict[str, Any]:
        """Return the registered version as the API gives it."""
        number = self.reaching("version").version
        answer = self.door.get("model-versions/get", name=self.plan.model, version=number)
        found: dict[str, Any] = expect_status(answer, 200).document["model_version"]
        return found

    def tags(self) -> dict[str, str]:
        """Return the tags of the version."""
        return {**self.plan.tags, "mlflow_run_id": self.sdk_registration.run_id}

    def logged_model(self) -> dict[str, Any]:
        """Return the ``info`` of the logged model from the API."""
        answer = self.door.get(f"logged-models/{self.reaching('model').model_id}")
        found: dict[str, Any] = expect_status(answer, 200).document["model"]["info"]
        return found

    def locations(self) -> list[str]:
        """Return the artifact locations of the run and of the logged model, if there is one, from the API."""
        run_location = self.run()["info"]["artifact_uri"]
        return [run_location, *([self.logged_model()["artifact_uri"]] if self.sdk_registration.model_id else [])]

    def places(self) -> dict[str, dict[str, Body]]:
        """Return artifact location -> local files uploaded to it, by path.

        Raises ``Mismatch`` if not everything was uploaded.
        """
        sdk_registration = self.sdk_registration
        if "model" not in sdk_registration.reached:
            raise Mismatch("the registration to upload its artifacts and its model", sdk_registration.problem)
        run_location, *others = self.locations()
        model_location = others[0] if others else f"{run_location}/model"
        notes = {path.removeprefix("notes/"): body for path, body in sdk_registration.notes.items()}
        return {f"{run_location}/notes": notes, model_location: sdk_registration.model_files}

    def sent(self) -> Facts:
        """Return the local files that were uploaded."""
        return {
            f"{place}/{path}": (body.size, body.sha256)
            for place, files in self.places().items()
            for path, body in files.items()
        }

    def listed(self) -> dict[str, int]:
        """Return artifact URI -> size from the artifact API, folder by folder."""
        return {
            f"{place}/{path}": size for place in self.places() for path, size in list_tree(self.door, place).items()
        }

    def fetched(self) -> Facts:
        """Return every uploaded file as downloaded from the artifact API."""
        found: Facts = {}
        for place, files in self.places().items():
            for path in files:
                body = expect_status(self.door.get_artifact(place, path), 200).response_body
                found[f"{place}/{path}"] = (body.size, body.sha256)
        return found

    def stored(self, bucket: Bucket) -> Facts:
        """Return all objects in the bucket below the locations of this registration."""
        found: Facts = {}
        for place in self.places():
            root = bucket.key_for(place)
            for key in bucket.keys(f"{root}/"):
                body = bucket.body(key) or Body(0, "gone since it was listed")
                found[f"{place}{key.removeprefix(root)}"] = (body.size, body.sha256)
        return found

    def files_when_downloaded(self) -> dict[str, Body]:
        """Return the files that a download of this kind of model has; none if it is loaded and used instead."""
        return {} if self.sdk_registration.inputs else dict(self.sdk_registration.model_files)

    def back(self, *, forced: bool = False) -> Return:
        """Return the loaded model; raise ``Mismatch`` if loading failed."""
        self.complete()
        back = self.walk.back(forced=forced)
        if back.problem:
            how = "forced through the door" if forced else "with default settings"
            raise Mismatch(f"a fresh client, {how}, to load the model", back.problem)
        return back


def _connection_problem(problem: Exception) -> str:
    """Return in one line why the SDK could not send its first request, as far as known."""
    return " ".join((problem.actual if isinstance(problem, Mismatch) else str(problem)).split())


def list_tree(door: MlflowHttp, at: str, folder: str = "") -> dict[str, int]:
    """Return path -> size of every file below a location, from the artifact API."""
    found: dict[str, int] = {}
    for entry in expect_status(door.list_artifacts(at, folder), 200).document.get("files", ()):
        path = f"{folder}/{entry['path']}" if folder else entry["path"]
        found |= list_tree(door, at, path) if entry["is_dir"] else {path: int(entry.get("file_size", 0))}
    return found


def observe(walk: PlannedRegistration, door: MlflowHttp) -> Registration:
    """Return the registration for one check; its failed exchanges become evidence, and the first check gets all."""
    sdk_registration, exchanges = walk.sdk_registration, walk.sdk_registration.exchanges
    if not walk.told:
        walk.told = True
        steps = zip(sdk_registration.reached, sdk_registration.moments, strict=True)
        door.evidence.flow(f"registration of a {walk.plan.kind} model", steps, exchanges, sdk_registration.problem)
    door.evidence.note(
        f"registration of a {walk.plan.kind} model: {' → '.join(walk.sdk_registration.reached) or 'nothing'}"
    )
    door.evidence.note(f"the SDK made {len(exchanges)} exchanges for it")
    for exchange in exchanges:
        if not exchange.ok:
            door.evidence.exchange(exchange)
    return Registration(walk, door)


PLATFORM_TAGS: Mapping[str, str] = {
    "hokusai_token_id": "CONF-1",
    "benchmark_metric": "accuracy",
    "benchmark_value": "0.93",
    "hokusai_status": "validated",
    "hokusai_proposal_identifier": "proposal-1",
}
"""The tags that the platform sets on a version, besides ``mlflow_run_id``."""
