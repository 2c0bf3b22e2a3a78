"""The Docker stack: the parts' images as containers with fixed addresses on a private network."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import httpx

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import RUN_VARIABLE, engine_environment, part_environment, python
from registry_conformance.lab.deployment import LINKS
from registry_conformance.lab.external.image import ExternalImage
from registry_conformance.lab.images.engine import EngineError, engine, require
from registry_conformance.lab.images.recipe import RECIPES
from registry_conformance.lab.stack.base import SPACE, RunningStack, bucket_at
from registry_conformance.lab.stack.docker import labels, network
from registry_conformance.lab.stack.docker.container import ContainerRunner, ContainerSpec
from registry_conformance.lab.stack.docker.database import Database
from registry_conformance.lab.stack.docker.external_mlflow import ExternalMLflow
from registry_conformance.lab.stack.docker.external_proxy import ExternalProxy
from registry_conformance.lab.stack.docker.mlflow import WarmMLflow
from registry_conformance.lab.stack.layout import Address, Layout
from registry_conformance.lab.stack.mlflow import MLflowServer
from registry_conformance.lab.stack.part import Part, PartError
from registry_conformance.lab.stack.proxy import AnyProxy
from registry_conformance.lab.stack.request import StackRequest

_PORTS = {"mlflow": 5000, "store": 9000, "keys": 8080, "auth": 8080, "links": 9100, "proxy": 8080, "database": 5432}
"""Part -> the port that it listens on, at its own address; a third-party image names its own port."""
_FURTHER = {"proxy-tls": ("proxy", 8443), "proxy-admin": ("proxy", 9901), "mlflow-warm": ("mlflow", 5001)}
_FIRST_LINK = 9101


class DockerStack(RunningStack):
    """A stack of containers."""

    kind = "docker"

    def __init__(self, order: StackRequest) -> None:
        super().__init__(order)
        self._name = self.folder.name
        self._database: Database | None = None
        self._sentinel: subprocess.Popen[bytes] | None = None

    async def prepare(self) -> Layout:
        """Return the addresses of the parts on this stack's own network."""
        try:
            return await asyncio.to_thread(self._prepare)
        except EngineError as problem:
            raise PartError(str(problem)) from problem

    def mlflow(self, layout: Layout) -> MLflowServer:
        """Return the MLflow part of the request, with its database."""
        if self.order.backend == "postgresql":
            self._database = Database(layout, self.order.secrets.database)
        if self.order.mlflow is not None:
            return ExternalMLflow(layout, self._database, self.order.mlflow)
        return WarmMLflow(layout, self._database)

    def proxy(self, layout: Layout) -> AnyProxy:
        """Return the proxy part of the request."""
        return ExternalProxy(layout, self.order.proxy) if self.order.proxy else super().proxy(layout)

    def further(self) -> list[Part]:
        """Return the database, if it is a separate part."""
        return [self._database] if self._database else []

    async def clear(self) -> None:
        """Remove remaining containers, the network and volumes."""
        await asyncio.to_thread(labels.sweep, self.order.run_id, self._name)
        if self._sentinel is not None and self._sentinel.stdin is not None:
            self._sentinel.kill()  # its duty is done
            self._sentinel.stdin.close()
            self._sentinel.wait()

    def _prepare(self) -> Layout:
        order = self.order
        external = [each for each in (order.proxy, order.mlflow) if each is not None]
        images = _images() | {each.part: each.image for each in external}
        further = {images["postgresql"]} if order.backend == "postgresql" else set()
        store = set() if order.external_store else {images[order.store]}
        require(sorted({*store, images["auth"], images["mlflow"], images["proxy"], *further}))
        _refuse_a_full_disk()
        _ready_testcontainers()
        self._sentinel = _set_sentinel(order.run_id)
        made = network.create(self._name, labels.of(order.run_id, self._name) | {labels.OWNER: order.owner.text()})
        addresses = _addresses(network.addresses(made, len(_PORTS)), external) | self.store_address()
        published = {"proxy": order.proxy_port} if order.proxy_port else {}
        spec = ContainerSpec(made, self._name, images, published, frozenset(each.part for each in external))
        host, port = addresses["store"]
        return Layout(
            run_id=order.run_id,
            folder=self.folder,
            cache=order.cache,
            addresses=addresses,
            keys=order.secrets.keys,
            bucket=bucket_at(f"http://{host}:{port}", self.bucket, order),
            http=httpx.AsyncClient(trust_env=False, timeout=5),
            servers=order.servers,
            patience=order.patience,
            new_runner=partial(ContainerRunner, spec=spec),
            standing=frozenset(LINKS),
        )


def _set_sentinel(run_id: str) -> subprocess.Popen[bytes]:
    """Start the process that cleans up if this one is killed; without the run id, so that it is not removed itself."""
    environment = {name: value for name, value in part_environment(run_id, ROOT).items() if name != RUN_VARIABLE}
    return subprocess.Popen(
        [python(), "-m", "registry_conformance.lab.stack.docker.sentinel", run_id],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        env=environment | engine_environment(),
        start_new_session=True,
    )


def _images() -> dict[str, str]:
    """Return program -> image."""
    same = ("moto", "auth", "mlflow", "proxy", "postgresql")
    named = {"minio": "store", "links": "auth", **{name: name for name in same}}
    return {program: RECIPES[name].tag for program, name in named.items()}


def _addresses(hosts: list[str], external: Iterable[ExternalImage]) -> dict[str, Address]:
    own = dict(zip(_PORTS, hosts, strict=True))
    addresses = {part: (own[part], port) for part, port in _PORTS.items()}
    addresses |= {name: (own[part], port) for name, (part, port) in _FURTHER.items()}
    for each in external:
        addresses[each.part] = own[each.part], each.port
        if each.tls_port:
            addresses[f"{each.part}-tls"] = own[each.part], each.tls_port
    return addresses | {f"to-{link}": (own["links"], _FIRST_LINK + place) for place, link in enumerate(LINKS)}


def _refuse_a_full_disk() -> None:
    """Raise ``EngineError`` if the engine's disk on this machine is full."""
    root = Path(engine().info().get("DockerRootDir", ""))
    if root.is_dir() and (free := shutil.disk_usage(root).free) < SPACE:
        raise EngineError(
            f"the engine's disk is full: {free >> 20} MiB are free in {root}, the stack needs {SPACE >> 20}; "
            "docker system prune frees what no image uses"
        )


def _ready_testcontainers() -> None:
    """Disable Testcontainers' Ryuk if its image is missing: not every machine can pull it.

    The suite cleans up itself anyway.
    """
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415 - see registry_conformance.lab.images.engine

    if not testcontainers_config.ryuk_disabled:
        try:
            require([testcontainers_config.ryuk_image])
        except EngineError:
            testcontainers_config.ryuk_disabled = True
