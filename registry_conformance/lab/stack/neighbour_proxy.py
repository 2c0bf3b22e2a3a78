"""Another proxy program (nginx, HAProxy, ...) as a local process instead of the reference's; or no proxy."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Hashable, Mapping
from pathlib import Path
from secrets import token_hex

from registry_conformance.judge.promises import EVERYTHING, OF_A_GUARD, OF_MLFLOW, Promises
from registry_conformance.judge.target.credential import Credential, Password
from registry_conformance.judge.target.policy import OPEN, Policy
from registry_conformance.judge.target.target import Capability
from registry_conformance.lab.deployment import DOORS, Deployment, Links
from registry_conformance.lab.external.neighbour import NONE, Neighbour, NeighbourError
from registry_conformance.lab.stack import certificate, shipped
from registry_conformance.lab.stack.identity_part import (
    CLIENT,
    public_key,
    secret_file,
    token_of_client,
    until_it_answers,
)
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.links import address_to, url_to
from registry_conformance.lab.stack.part import PartError
from registry_conformance.lab.stack.proxy import AnyProxy

USER = "developer"
_PATIENCE = 60


class NeighbourProxy(AnyProxy):
    """A third-party proxy with a shipped configuration; addresses are written into its file at each start."""

    def __init__(self, layout: Layout, neighbour: Neighbour) -> None:
        super().__init__(layout)
        self.neighbour = neighbour
        self.program = neighbour.program.name
        self.asks_auth = self.asks_keys = neighbour.asks_auth
        self.asks_tokens = neighbour.asks_tokens
        self.doors = tuple(DOORS) if neighbour.asks_auth else ("literal",)
        self.promises = EVERYTHING if neighbour.asks_auth else OF_A_GUARD

    def spec(self, deployment: Deployment) -> Hashable:
        """Return the upstream addresses, and the files that are others than the shipped ones."""
        addresses = deployment.links.in_place & {"mlflow", "server", "auth"}
        return addresses, shipped.of_folder(deployment, self.neighbour.shipped_folder)

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible: the suite cannot change its settings."""
        return self.neighbour.lacks(deployment)

    async def start(self, deployment: Deployment) -> None:
        """Write its configuration and start it; raise ``PartError`` if it is not installed."""
        workdir = self.layout.workdir(self.name)
        for folder, mode in ((self.layout.folder, 0o711), (workdir, 0o755)):
            folder.chmod(mode)  # nginx and Apache read a password file as another user
        suffix = self.neighbour.program.suffix
        file = workdir / f"proxy.{suffix}"
        places = self._places(deployment, workdir)
        if self.asks_tokens:
            await until_it_answers(self.layout)
            places["PUBLIC_KEY"] = await public_key(self.layout)
        source = self._source(deployment, workdir)
        try:
            text = self.neighbour.text(places, source)
        except NeighbourError as problem:
            raise PartError(str(problem)) from problem
        # A configuration that is made for a container has the container's folders in it.
        text = text.replace("/etc/nginx/lua", str(source.parent)).replace("/tmp/nginx", str(workdir))  # noqa: S108 - as said
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        arguments = [argument.format(file=file) for argument in self.neighbour.program.arguments]
        await self.launch(arguments, {"XDG_DATA_HOME": str(workdir), "XDG_CONFIG_HOME": str(workdir)})

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether a request gets any answer."""
        del deployment
        await self.layout.http.get(f"{self.layout.url(self.name)}{DOORS[self.doors[0]]}/health")
        return True

    def keys(self, keys: Mapping[str, Credential]) -> Mapping[str, Credential]:
        """Return the reference's keys if it checks them, else the one user's token or password."""
        if self.asks_auth:
            return keys
        if self.asks_tokens:
            return {"writer": token_of_client(self.layout)}
        return {"writer": Password(USER, self.layout.keys["writer"])}

    @property
    def authority(self) -> Path | None:
        """The certificate authority's file, if its configuration accepts TLS."""
        return self.layout.workdir(self.name) / "tls" / certificate.AUTHORITY if self.asks_auth else None

    def offers(self) -> Mapping[str, Capability]:
        """Return its capabilities: whether it accepts TLS, and that the suite cannot change its settings."""
        own = Capability(False, f"{self.neighbour.whose}: its routes, limits and headers are its own")
        if self.asks_auth:
            return {"tls": Capability(True), "proxy-settings": own}
        whose = f"{self.neighbour.whose}: it checks credentials itself, and asks no key service"
        absent = Capability(False, f"{self.neighbour.whose}: its configuration takes no TLS")
        return {"tls": absent, "proxy-settings": own, "key-record": Capability(False, whose)}

    def installed(self) -> str:
        """Return the first line of the program's version output."""
        option = {"caddy": "version", "oauth2-proxy": "--version"}.get(self.program, "-v")
        try:
            said = subprocess.run(
                [self.neighbour.program.path, option], capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except NeighbourError as problem:
            raise PartError(str(problem)) from problem
        words = (said.stdout + said.stderr).split()
        number = next((word.strip("v").rpartition("/")[2] for word in words if any(map(str.isdigit, word))), "unknown")
        return f"{self.neighbour.name} {number} {self.neighbour.configuration}"

    def _source(self, deployment: Deployment, workdir: Path) -> Path:
        """Return the file of its configuration, beside the other files of its folder as the deployment has them."""
        folder = self.neighbour.shipped_folder
        others = shipped.changed(deployment, folder)
        if not others or self.neighbour.own:
            return self.neighbour.file
        return shipped.copy_with(folder, others, workdir) / self.neighbour.file.name

    def _places(self, deployment: Deployment, workdir: Path) -> dict[str, object]:
        """Return the values of the ``@PLACE@`` markers of its configuration."""
        addresses = self.layout.addresses
        places: dict[str, object] = {"WORKDIR": workdir, "LISTEN": _joined(addresses["proxy"])}
        places["MLFLOW"] = _joined(address_to(self.layout, deployment.links, "mlflow"))
        if self.asks_auth:
            return places | self._asking(deployment, workdir)
        if self.asks_tokens:
            issuer, secret = self.layout.url("identity"), secret_file(self.layout)
            return places | {"ISSUER": issuer, "CLIENT": CLIENT, "SECRET_FILE": secret, "COOKIE": token_hex(16)}
        password = self.layout.keys["writer"]
        passwords = workdir / "passwords"
        digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()  # noqa: S324 - the form of htpasswd -s
        passwords.write_text(f"{USER}:{{SHA}}{digest}\n")
        passwords.chmod(0o644)
        shown = self._hashed(password) if self.program == "caddy" else password
        return places | {"USER": USER, "PASSWORD": shown, "PASSWORDS": passwords}

    def _asking(self, deployment: Deployment, workdir: Path) -> dict[str, object]:
        """Return the values for a configuration that is written for a container and calls the auth service."""
        tls = workdir / "tls"
        certificate.issue(tls, self.layout.addresses["proxy-tls"][0])
        return {
            "LISTEN_PORT": _joined(self.layout.addresses["proxy"]),
            "LISTEN_TLS_PORT": _joined(self.layout.addresses["proxy-tls"]),
            "AUTH": _joined(address_to(self.layout, deployment.links, "auth")),
            "TLS": "",
            "CERTIFICATE_KEY": tls / certificate.KEY,
            "CERTIFICATE": tls / certificate.CERTIFICATE,
        }

    def _hashed(self, password: str) -> str:
        """Return a password as Caddy stores it, hashed by Caddy itself, which reads it from standard input."""
        said = subprocess.run(
            [self.neighbour.program.path, "hash-password"],
            input=password + "\n",
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
        return said.stdout.strip()


class NoProxy(AnyProxy):
    """No proxy: clients call MLflow directly, and no key is required."""

    asks_auth = asks_keys = False
    doors = ("literal",)
    policy: Policy = OPEN
    promises: Promises = OF_MLFLOW

    def spec(self, deployment: Deployment) -> Hashable:
        """Return nothing: there is nothing to change."""
        del deployment
        return None

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible: there is no proxy to change."""
        return Neighbour(NONE).lacks(deployment)

    async def start(self, deployment: Deployment) -> None:
        """Do nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return ``True``: there is nothing to start."""
        del deployment
        return True

    def is_alive(self) -> bool:
        """Return ``True``: there is nothing to start."""
        return True

    def base(self, links: Links) -> str:
        """Return MLflow's own address."""
        return url_to(self.layout, links, "server")

    def keys(self, keys: Mapping[str, Credential]) -> Mapping[str, Credential]:
        """Return nothing: no key is required."""
        del keys
        return {}

    @property
    def authority(self) -> Path | None:
        """None: there is no TLS."""
        return None

    def offers(self) -> Mapping[str, Capability]:
        """Return no capability of a proxy."""
        reason = "this stack has no proxy"
        return dict.fromkeys(("tls", "proxy-settings", "key-record", "witness"), Capability(False, reason))

    def installed(self) -> str:
        """Return that there is no proxy."""
        return "none"


def proxy_part(layout: Layout, neighbour: Neighbour) -> AnyProxy:
    """Return the part of a third-party proxy, or of none."""
    return NoProxy(layout) if neighbour.name == NONE else NeighbourProxy(layout, neighbour)


def _joined(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
