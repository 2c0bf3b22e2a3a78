"""A proxy of others in the reference's place: told by its settings where the parts are, begun anew where they move."""

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
    """A container of an image of others."""

    def __init__(self, layout: Layout, external: ExternalImage) -> None:
        super().__init__(layout)
        self._external = external
        self.doors, self.asks_auth = external.doors, external.asks_auth

    def spec(self, deployment: Deployment) -> Hashable:
        """Return whom it sends requests to: all else is its own."""
        return deployment.links.in_place & {"mlflow", "server", "auth"}

    def lacks(self, deployment: Deployment) -> str:
        """Return why it cannot be had in a deployment: its own settings are not the suite's to change."""
        return self._external.lacks(deployment)

    async def start(self, deployment: Deployment) -> None:
        """Start the image, told where the others are."""
        tls = self.layout.workdir(self.name) / "tls"
        certificate.issue(tls, self.layout.addresses["proxy-tls"][0])
        _let_all_read(tls)  # it runs as whom its image says; the folder above is ours alone
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
        """The file of the authority that vouches for it, where its settings say that it takes TLS."""
        return self.layout.workdir(self.name) / "tls" / certificate.AUTHORITY if self._external.tls_port else None

    def offers(self) -> Mapping[str, Capability]:
        """Return whether it takes TLS, and that its settings are its own."""
        whose = self._external.whose
        tls = Capability(False, f"{whose}: its settings name no tls_port")
        return {
            "tls": Capability(True) if self._external.tls_port else tls,
            "proxy-settings": Capability(False, f"{whose}: its routes, limits and headers are its own"),
        }

    def installed(self) -> str:
        """Return nothing: its image says what it is of."""
        return ""


def _let_all_read(folder: Path) -> None:
    """Let every user read a folder and its files, whatever the umask made them."""
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o644)
