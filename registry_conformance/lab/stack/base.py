"""What all stacks have in common: parts realise a deployment value, and a change touches only parts that differ."""

from __future__ import annotations

import asyncio
import shutil
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.live.discovery import ANNOUNCED, features_at
from registry_conformance.judge.promises import OF_A_GUARD, OF_MLFLOW, Feature
from registry_conformance.judge.target.policy import GUARDED
from registry_conformance.judge.target.target import ArtifactModes, BucketAccess, Capability, Door, Machine, Target
from registry_conformance.judge.temporary import owned_folder
from registry_conformance.lab.deployment import DOORS, Deployment
from registry_conformance.lab.deployment import Store as StoreValue
from registry_conformance.lab.external.mlflow_command import PERMITTED
from registry_conformance.lab.external.neighbour import NONE, Neighbour
from registry_conformance.lab.stack.auth import RECORD, AuthServicePart, KeyServicePart
from registry_conformance.lab.stack.external_store import ExternalStorePart, bucket_name
from registry_conformance.lab.stack.identity_part import IdentityPart
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.links import LinksPart, record, store_url, url_to
from registry_conformance.lab.stack.mlflow import MLflowServer
from registry_conformance.lab.stack.part import Part, PartError, UnsupportedByPartError
from registry_conformance.lab.stack.probes import probe
from registry_conformance.lab.stack.proxy import AnyProxy, EnvoyPart
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.lab.stack.store import StorePart

OWNED = ("origin", "store", "logs", "key-record")
"""Capabilities that every stack has, because we started it."""

SPACE = 256 << 20
"""Free bytes that a stack needs: the largest object of the checks, once in MLflow's hands and once in the store's."""


class RunningStack(ABC):
    """A running deployment; ``apply`` changes it to another one and touches only the parts that differ."""

    kind: str

    def __init__(self, order: StackRequest) -> None:
        self.order = order
        self.bucket = _own_bucket(order) if order.external_store else order.deployment.store
        self.deployment = self._placed(order.deployment)
        self.folder = owned_folder(f"{order.run_id}-", order.owner, order.run_id, engine=self.kind == "docker")
        (self.folder / "logs").mkdir()
        self.parts: list[Part] = []
        self._unsettled: Sequence[Part] = ()
        self._versions: dict[str, str] = {}
        self._features: Mapping[str, Feature] = {}
        self._probed: dict[str, Capability] = {}
        self._lock = asyncio.Lock()

    async def start(self) -> Target:
        """Start every part at once and return the target when all are ready; raise ``PartError`` that names one."""
        if (free := shutil.disk_usage(self.folder).free) < SPACE:
            raise PartError(
                f"the disk is full: {free >> 20} MiB are free in {self.folder.parent}, the stack needs {SPACE >> 20}; "
                "make room there, or set TMPDIR to a folder with more"
            )
        await self.create_parts()
        ups = (part.up(self.deployment) for part in self.parts if part is not self._store)
        await _all([self._learn_versions(), self._probe_store(), *ups])
        self._versions |= {part.name: part.told_version for part in self.parts if part.told_version}
        if self.order.command is not None and self.order.command.version:
            self._features = await asyncio.to_thread(self._features_found, self.order.command.version)
        return self.target()

    async def create_parts(self) -> None:
        """Create the parts without starting them; raise ``PartError`` if that is impossible."""
        self._layout = layout = await self.prepare()
        self._store = (
            ExternalStorePart(layout, self.order.external_store)
            if self.order.external_store
            else StorePart(layout, self.order.store)
        )
        self._proxy = self.proxy(layout)
        deciding = [AuthServicePart(layout)] if self._proxy.asks_auth else []
        keeping = [KeyServicePart(layout)] if self._proxy.asks_keys else []
        self._mlflow = self.mlflow(layout)
        asking = self.order.neighbour or Neighbour(NONE)
        signing = (
            [IdentityPart(layout, asking.skew, asking.lasts)]
            if self._proxy.asks_tokens or self._mlflow.asks_tokens
            else []
        )
        served = (*keeping, *deciding, *signing, self._mlflow, LinksPart(layout), self._proxy)
        self.parts = [self._store, *served, *self.further()]

    @abstractmethod
    async def prepare(self) -> Layout:
        """Return the layout (folders, addresses) of the parts; raise ``PartError`` if there is none."""

    @abstractmethod
    def mlflow(self, layout: Layout) -> MLflowServer:
        """Return the MLflow part."""

    def proxy(self, layout: Layout) -> AnyProxy:
        """Return the proxy part."""
        return EnvoyPart(layout)

    def further(self) -> list[Part]:
        """Return the parts that only this kind of stack has."""
        return []

    @abstractmethod
    async def clear(self) -> None:
        """Remove the folders, networks and so on that the parts used."""

    async def apply(self, deployment: Deployment) -> Target:
        """Change the running stack to another deployment; unchanged live parts are not touched.

        Raises ``UnsupportedByPartError`` and changes nothing if an external part cannot have the new settings.
        """
        deployment = self._placed(deployment)
        if deployment.files and (self.kind != "embedded" or self.order.command):
            raise UnsupportedByPartError("files of an image, or of a server that others start, are not replaced")
        if lacking := [reason for part in self.parts if (reason := part.lacks(deployment))]:
            raise UnsupportedByPartError(lacking[0])
        async with self._lock:
            unsettled = self._unsettled
            changed = [
                part
                for part in self.parts
                if part.died or part in unsettled or part.spec(deployment) != part.spec(self.deployment)
            ]
            self._unsettled = changed  # until all is well: who breaks off leaves parts that are neither this nor that
            anew = {part for part in changed if part.died or part in unsettled}
            await _all([part.restart(deployment) if part in anew else part.apply(deployment) for part in changed])
            self._unsettled = []
            self.deployment = deployment
            return self.target()

    def death_reports(self) -> list[str]:
        """Return a message for each part that died unexpectedly."""
        return [part.death_report("died during the run") for part in self.parts if part.died]

    async def leave(self) -> str:
        """Stop every part and remove what was created in an external store; return what could not be removed."""
        await asyncio.gather(*(part.down() for part in self.parts), return_exceptions=True)
        return await self._store.leave() if self.parts and isinstance(self._store, ExternalStorePart) else ""

    async def stop(self) -> None:
        """Stop every part and remove the stack's folder, even if the container engine is unreachable."""
        try:
            await self.leave()
            await self.clear()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def target(self) -> Target:
        """Return the target: how checks reach the deployment in its current state."""
        layout, links, proxy = self._layout, self.deployment.links, self._proxy
        mlflow, base = self._mlflow, proxy.base(links) + self._mlflow.prefix
        keys = proxy.keys({**layout.keys, "writer": layout.keys[self.deployment.client.key]})
        policy, asked = proxy.policy, mlflow.credential is not None
        promises = OF_A_GUARD if asked and proxy.promises == OF_MLFLOW else proxy.promises
        if mlflow.credential is not None:  # what it asks for passes the proxy
            policy, keys = GUARDED, {"writer": mlflow.credential}
            keys |= {"colleague": mlflow.colleague} if mlflow.colleague is not None else {}
        own_workspace, other_workspace = mlflow.workspaces or ("", "")
        promises = replace(promises, features=self._features)
        own = {"origin": Capability(False, "MLflow asks for a credential, at its origin too")} if asked else {}
        return Target(
            name=f"the {self.kind} stack",
            kind=self.kind,
            doors=tuple(Door(name, base + DOORS[name], policy=policy, workspace=own_workspace) for name in proxy.doors),
            keys=keys,
            secure=self._secure(),
            origin=None
            if asked
            else Door("origin", url_to(layout, links, "server") + mlflow.prefix, workspace=own_workspace),
            bucket=self._bucket(),
            key_record=layout.workdir("keys") / RECORD if proxy.asks_keys else None,
            key_service=layout.url("keys") if proxy.asks_keys else "",
            promises=promises,
            defects_show=self.order.command is None or self.order.command.is_usual,
            ways=ArtifactModes() if promises.has("presigned-downloads") else ArtifactModes(downloads="proxied"),
            records={link: record(layout, link) for link in links.in_place - links.taped},
            logs={part.name: log for part in self.parts if (log := layout.log(part.name)).exists()},
            versions={"database": "sqlite"}
            | {part.name: self._versions[part.name] for part in self.parts if part.wanted},
            images={part.name: part.image for part in self.parts if part.image},
            capabilities=self._probed
            | {name: Capability(True) for name in OWNED}
            | {"witness": self._witness(), "store-lasts": self._store.lasts(), "request-log": mlflow.request_log}
            | {**proxy.offers(), **own},
            machine=Machine(self.deployment.client.variables, self.deployment.client.netrc),
            faults=self.order.faults,
            default_permission=PERMITTED if mlflow.colleague is not None else "",
            other_workspace=other_workspace,
        )

    def _features_found(self, version: str) -> dict[str, Feature]:
        """Return which features that MLflow announces another version has."""
        target = self.target()
        door = target.doors[0]
        asked = MlflowHttp(door, target.key_at(door), Evidence(), self.order.run_id)
        return {name: each for name, each in features_at(asked, version).items() if name in ANNOUNCED}

    def _secure(self) -> Door | None:
        if self._proxy.authority is None:
            return None
        host, port = self._layout.addresses["proxy-tls"]
        return Door("secure", f"https://{host}:{port}{DOORS[self._proxy.doors[0]]}", ca=self._proxy.authority)

    def _bucket(self) -> BucketAccess:
        """Return how checks access the bucket: directly, or through the store's link if all its traffic is taped."""
        layout, links = self._layout, self.deployment.links
        return replace(layout.bucket, endpoint=store_url(layout, links)) if "store" in links.taped else layout.bucket

    def _witness(self) -> Capability:
        if "mlflow" in self.deployment.links.in_place:
            return Capability(True)
        return Capability(False, "no recorder stands between the proxy and MLflow")

    def pids(self) -> dict[str, int]:
        """Return part -> process id, of the running parts."""
        return {part.name: part.pid for part in self.parts if part.pid is not None and part.is_alive()}

    def processes(self) -> dict[str, list[int]]:
        """Return part -> all known process ids, of the running parts."""
        return {part.name: part.pids for part in self.parts if part.pids and part.is_alive()}

    def signal(self, part: str, number: int) -> None:
        """Send a part a signal: kill, stop or continue; raise ``UnsupportedByPartError`` if it has no such part."""
        found = next((each for each in self.parts if each.name == part and each.pid is not None), None)
        if found is None:
            raise UnsupportedByPartError(f"this stack has no process of a part {part!r}")
        found.signal(number)

    def seconds(self) -> dict[str, float]:
        """Return how many seconds each part took to become ready at its last start."""
        return {part.name: part.seconds for part in self.parts if part.wanted}

    def store_address(self) -> dict[str, tuple[str, int]]:
        """Return the address of an external store by its part's name; empty if the store is the suite's own."""
        return {"store": self.order.external_store.address} if self.order.external_store else {}

    def _placed(self, deployment: Deployment) -> Deployment:
        """Return the deployment with this stack's bucket; in an external store, the bucket that this stack created."""
        return replace(deployment, store=self.bucket) if self.order.external_store else deployment

    async def _learn_versions(self) -> None:
        for part in self.parts:
            self._versions[part.name] = await asyncio.to_thread(part.version)

    async def _probe_store(self) -> None:
        await self._store.up(self.deployment)
        self._probed = await asyncio.to_thread(probe, self._layout)


def bucket_at(endpoint: str, store: StoreValue, order: StackRequest) -> BucketAccess:
    """Return access to the bucket of a request: at this S3 endpoint, or in the external store that it names."""
    opened = order.external_store or order.secrets
    return BucketAccess(
        endpoint=order.external_store.url if order.external_store else endpoint,
        region=store.region,
        bucket=store.bucket,
        prefix=store.prefix,
        access_key=opened.access_key,
        secret_key=opened.secret_key,
        session_token=order.external_store.session_token if order.external_store else "",
    )


def _own_bucket(order: StackRequest) -> StoreValue:
    """Return a unique bucket name that contains the run's id."""
    assert order.external_store is not None
    return replace(order.deployment.store, bucket=bucket_name(order.run_id), region=order.external_store.region)


async def _all(works: Sequence[Coroutine[None, None, None]]) -> None:
    """Run all concurrently; the first failure cancels the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
