"""A third-party proxy image; configured by a settings file, and restarted if other parts move."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path

from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import DOORS, Deployment
from registry_conformance.lab.external.image import ExternalImage
from registry_conformance.lab.stack import certificate
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.links import address_to
from registry_conformance.lab.stack.proxy import AnyProxy


class ExternalProxy(AnyProxy):
    """A container of a third-party image."""

    def __init__(self, layout: Layout, external: ExternalImage) -> None:
        super().__init__(layout)
        self._external = external
        self.doors, self.asks_auth = external.doors, external.asks_auth

    def spec(self, deployment: Deployment) -> Hashable:
        """Return the upstream addresses: everything else is the image's own."""
        return deployment.links.in_place & {"mlflow", "server", "auth"}

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible with this image: the suite cannot change its settings."""
        return self._external.lacks(deployment)

    async def start(self, deployment: Deployment) -> None:
        """Start the image with the addresses of the other parts."""
        tls = self.layout.workdir(self.name) / "tls"
        certificate.issue(tls, self.layout.addresses["proxy-tls"][0])
        _let_all_read(tls)  # it runs as its image's user; the folder above is private
        places: dict[str, object] = {
            "port": self._external.port,
            "tls_port": self._external.tls_port,
            "certificate": tls / certificate.CERTIFICATE,
            "certificate_key": tls / certificate.KEY,
        }
        for part in ("mlflow", "auth", "keys"):
            host, port = address_to(self.layout, deployment.links, part)
            places |= {f"{part}_host": host, f"{part}_port": port}
        variables, arguments = self._external.filled_in(places)
        await self.launch(arguments, variables)

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether a request gets any answer."""
        del deployment
        await self.layout.http.get(f"{self.layout.url(self.name)}{DOORS[self.doors[0]]}/health")
        return True

    @property
    def authority(self) -> Path | None:
        """The certificate authority's file, if its settings say that it accepts TLS."""
        return self.layout.workdir(self.name) / "tls" / certificate.AUTHORITY if self._external.tls_port else None

    def offers(self) -> Mapping[str, Capability]:
        """Return its capabilities: whether it accepts TLS, and that the suite cannot change its settings."""
        whose = self._external.whose
        tls = Capability(False, f"{whose}: its settings name no tls_port")
        return {
            "tls": Capability(True) if self._external.tls_port else tls,
            "proxy-settings": Capability(False, f"{whose}: its routes, limits and headers are its own"),
        }

    def installed(self) -> str:
        """Return nothing: the image states its version."""
        return ""


def _let_all_read(folder: Path) -> None:
    """Make a folder and its files readable for every user, whatever the umask."""
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o644)
