"""The proxy part: Envoy, reconfigured by replacing files while it runs."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Hashable, Mapping
from pathlib import Path

from registry_conformance.judge.promises import EVERYTHING, Promises
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.policy import GUARDED, Policy
from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import DOORS, Deployment, Links
from registry_conformance.lab.stack import certificate, envoy, shipped
from registry_conformance.lab.stack.envoy_routes import ProxyError
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.links import address_to, url_to
from registry_conformance.lab.stack.part import PartError, ProgramPart


class AnyProxy(ProgramPart):
    """A proxy: the reference or another one."""

    name = program = "proxy"
    doors: tuple[str, ...] = tuple(DOORS)
    """The doors that it is judged at."""
    asks_auth: bool = True
    """Whether it asks the auth service, which is no part of the deployment otherwise."""
    asks_keys: bool = True
    """Whether it uses the key service, which otherwise is no part of the deployment."""
    asks_tokens: bool = False
    """Whether it asks for tokens of an identity provider, which is no part of the deployment otherwise."""
    policy: Policy = GUARDED
    """Who may do what at its doors."""
    promises: Promises = EVERYTHING
    """What a deployment behind it promises."""

    def base(self, links: Links) -> str:
        """Return the URL prefix of its doors."""
        return url_to(self.layout, links, "proxy")

    def keys(self, keys: Mapping[str, Credential]) -> Mapping[str, Credential]:
        """Return the credentials that its doors accept, from the reference's API keys."""
        return keys

    @property
    @abstractmethod
    def authority(self) -> Path | None:
        """The certificate authority's file if it accepts TLS, ``None`` otherwise."""

    @abstractmethod
    def offers(self) -> Mapping[str, Capability]:
        """Return the capabilities that a target has because of its proxy."""


class EnvoyPart(AnyProxy):
    """The reference proxy."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._changes = 0
        self._rejected = 0
        self._bootstrap: str | None = None

    def spec(self, deployment: Deployment) -> Hashable:
        """Return the proxy's own value, its files, and its upstream addresses."""
        links = deployment.links.in_place & {"mlflow", "server", "auth"}
        return deployment.proxy, shipped.of_folder(deployment, "proxy"), links

    async def start(self, deployment: Deployment) -> None:
        """Write the configuration and start Envoy with it."""
        self._rejected = 0
        self._bootstrap = shipped.changed(deployment, "proxy").get(envoy.BOOTSTRAP)
        try:
            await asyncio.to_thread(self._write, deployment)
        except ProxyError as problem:
            raise PartError(str(problem)) from problem
        await self.launch(["-c", str(self._folder() / "envoy.yaml")], {})

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the latest configuration is active and the proxy answers a request."""
        if not await self._in_force():
            return False
        door = DOORS[deployment.proxy.doors[0]] if deployment.proxy.doors else ""
        return (await self.layout.http.get(f"{self.layout.url(self.name)}{door}/health")).status_code < 600

    async def apply(self, deployment: Deployment) -> None:
        """Replace the configuration files and wait until Envoy has loaded them; restart for a new bootstrap file."""
        if shipped.changed(deployment, "proxy").get(envoy.BOOTSTRAP) != self._bootstrap:
            await self.restart(deployment)
            return
        try:
            self._write(deployment)
        except ProxyError as problem:
            raise PartError(str(problem)) from problem
        await self.until(self._in_force, "running its new configuration")

    @property
    def authority(self) -> Path:
        """The certificate authority's file."""
        return self._folder() / "tls" / certificate.AUTHORITY

    def offers(self) -> Mapping[str, Capability]:
        """Return its capabilities: TLS, and any setting of a deployment."""
        return {"tls": Capability(True), "proxy-settings": Capability(True)}

    def installed(self) -> str:
        """Return the wheel's version of Envoy."""
        try:
            return f"envoy {envoy.version()}"
        except ProxyError as problem:
            raise PartError(str(problem)) from problem

    def _folder(self) -> Path:
        return self.layout.workdir(self.name) / "config"

    def _write(self, deployment: Deployment) -> None:
        self._changes += 1
        addresses, links = self.layout.addresses, deployment.links
        envoy.write_config(
            self._folder(),
            deployment.proxy,
            listen=addresses["proxy"],
            listen_tls=addresses["proxy-tls"],
            admin=addresses["proxy-admin"],
            mlflow=address_to(self.layout, links, "mlflow"),
            auth=address_to(self.layout, links, "auth"),
            version=str(self._changes),
            others=shipped.changed(deployment, "proxy"),
        )

    async def _in_force(self) -> bool:
        stats = (await self.layout.http.get(self.layout.url("proxy-admin") + envoy.ADMIN_PATH)).json()
        if envoy.rejected(stats) > self._rejected:
            self._rejected = envoy.rejected(stats)
            raise PartError(self.death_report("refused its new configuration"))
        return envoy.in_force(stats, str(self._changes))
