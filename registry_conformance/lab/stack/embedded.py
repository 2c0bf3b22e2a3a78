"""The embedded stack: a deployment as processes on loopback ports."""

from __future__ import annotations

import asyncio

import httpx

from registry_conformance.lab.deployment import LINKS
from registry_conformance.lab.stack import process
from registry_conformance.lab.stack.base import RunningStack, bucket_at
from registry_conformance.lab.stack.database_process import PROCESSES, DatabaseProcess
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.mlflow import MLflowServer
from registry_conformance.lab.stack.mlflow_by_command import CommandMLflow
from registry_conformance.lab.stack.mlflow_forked import ForkedMLflow, warm_up
from registry_conformance.lab.stack.neighbour_proxy import proxy_part
from registry_conformance.lab.stack.part import Part, PartError
from registry_conformance.lab.stack.process_runner import ProcessRunner
from registry_conformance.lab.stack.proxy import AnyProxy
from registry_conformance.lab.stack.request import StackRequest

_LISTENERS = (
    "store",
    "database",
    "keys",
    "auth",
    "identity",
    "mlflow",
    "proxy",
    "proxy-tls",
    "proxy-admin",
    *(f"to-{link}" for link in LINKS),
)


class EmbeddedStack(RunningStack):
    """A stack of local processes."""

    kind = "embedded"

    def __init__(self, order: StackRequest) -> None:
        super().__init__(order)
        self._database: DatabaseProcess | None = None

    async def create_parts(self) -> None:
        """Create the parts, and warm up MLflow's parent process in the background."""
        await super().create_parts()
        warm_up(self.folder)

    async def prepare(self) -> Layout:
        """Return free loopback addresses for the parts."""
        order = self.order
        if order.proxy_port and not process.port_is_free(order.proxy_port):
            raise PartError(f"port {order.proxy_port} is taken: end what listens there, or leave --proxy-port out")
        ports = dict(zip(_LISTENERS, process.free_ports(len(_LISTENERS)), strict=True))
        if order.proxy_port:
            ports["proxy"] = order.proxy_port
        return Layout(
            run_id=order.run_id,
            folder=self.folder,
            cache=order.cache,
            addresses={name: ("127.0.0.1", port) for name, port in ports.items()} | self.store_address(),
            keys=order.secrets.keys,
            bucket=bucket_at(f"http://127.0.0.1:{ports['store']}", self.bucket, order),
            http=httpx.AsyncClient(trust_env=False, timeout=5),
            servers=order.servers,
            patience=order.patience,
            new_runner=ProcessRunner,
        )

    async def clear(self) -> None:
        """Remove the database's folder; the rest is removed with the stack."""
        if self._database is not None:
            await asyncio.to_thread(self._database.clear)

    def proxy(self, layout: Layout) -> AnyProxy:
        """Return the reference proxy or the one that replaces it."""
        return proxy_part(layout, self.order.neighbour) if self.order.neighbour else super().proxy(layout)

    def mlflow(self, layout: Layout) -> MLflowServer:
        """Return MLflow, forked from its warm parent or started by command, with the database of the request."""
        if self.order.backend in PROCESSES:
            self._database = PROCESSES[self.order.backend](layout, self.order)
        if self.order.command:
            return CommandMLflow(layout, self.order.command, self._database)
        return ForkedMLflow(layout, self._database)

    def further(self) -> list[Part]:
        """Return the database, if it is a separate part."""
        return [self._database] if self._database else []
