"""Common proxies as local programs, each with its shipped configurations."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.locations import DOCKER
from registry_conformance.judge.suggestion import unknown
from registry_conformance.lab.deployment import Auth, Deployment, KeyService, Proxy

FOLDER = DOCKER / "proxies"
"""The folder of the configurations: ``NAME/CONFIGURATION.SUFFIX``."""
_PLACES = os.pathsep.join(("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"))
"""Where packages put programs that are not on everybody's PATH."""

_INSTALL = "apt-get install --no-install-recommends"


class NeighbourError(ValueError):
    """A third-party proxy cannot be used; the message says how to install it, or which ones exist."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program: what it is called, the suffix of its configurations, and how it is started with one.

    ``{file}`` in ``arguments`` is the configuration, and ``remedy`` the command that brings the program. ``asking``
    are the configurations that ask the auth service; the others check a password themselves, or those of ``tokens`` the
    token of an identity provider. ``naive`` is the configuration that guides have, ``usual`` the one that counts if
    none is named.
    """

    name: str
    suffix: str
    arguments: tuple[str, ...]
    remedy: str
    usual: str = "password-tuned"
    naive: str = "password"
    asking: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The program's path; raises ``NeighbourError`` if it is not installed."""
        search = os.pathsep.join(filter(None, (os.defpath, _PLACES)))
        found = shutil.which(self.name) or shutil.which(self.name, path=search)
        if found is None:
            raise NeighbourError(f"there is no {self.name} on this machine: {self.remedy}")
        return found

    @property
    def configurations(self) -> tuple[str, ...]:
        """The names of the shipped configurations."""
        return tuple(sorted(file.stem for file in (FOLDER / self.folder).glob(f"*.{self.suffix}")))

    @property
    def folder(self) -> str:
        """The name of the folder of its configurations."""
        return "apache" if self.name == "apache2" else self.name


PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        "nginx": Program(
            "nginx",
            "conf",
            ("-e", "stderr", "-c", "{file}", "-g", "daemon off;"),
            f"{_INSTALL} nginx-light libnginx-mod-http-lua libnginx-mod-http-headers-more-filter",
            usual="tuned",
            asking=("default", "tuned"),
        ),
        "haproxy": Program("haproxy", "cfg", ("-db", "-f", "{file}"), f"{_INSTALL} haproxy", tokens=("token",)),
        "caddy": Program(
            "caddy", "caddyfile", ("run", "--adapter", "caddyfile", "--config", "{file}"), f"{_INSTALL} caddy"
        ),
        "apache": Program("apache2", "conf", ("-DFOREGROUND", "-f", "{file}"), f"{_INSTALL} apache2-bin"),
        "oauth2-proxy": Program(
            "oauth2-proxy",
            "cfg",
            ("--config", "{file}"),
            "go install github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6",
            usual="token",
            naive="browser",
            tokens=("browser", "token", "token-browser"),
        ),
    }
)
NONE = "none"
"""No proxy at all: clients ask MLflow itself."""
OWN = "envoy"
"""The name of the reference's proxy."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A proxy of others in the reference's place, or none; with ``edits`` (old text, new text) in its configuration.

    The clock of the identity provider that it asks, if it asks one, is ``skew`` seconds ahead of this machine's, and
    its tokens last ``lasts`` seconds. ``own`` is the file of a configuration that is none of the shipped ones.
    """

    name: str
    configuration: str = ""
    edits: tuple[tuple[str, str], ...] = ()
    skew: int = 0
    own: Path | None = None
    lasts: int = 3600

    @classmethod
    def named(cls, text: str, proxies: Path | None = None) -> Neighbour | None:
        """Return what ``NAME``, ``NAME:CONFIGURATION`` or ``NAME:FILE`` names, ``None`` for the reference's proxy.

        A configuration in the folder ``proxies`` takes precedence over a shipped one. Raises ``NeighbourError``.
        """
        name, colon, configuration = text.partition(":")
        if colon and not configuration:
            raise NeighbourError("nothing stands behind the colon; name a configuration or a file, or leave it out")
        if name in (OWN, NONE):
            if configuration:
                raise NeighbourError(f"{name} has no configurations to choose from")
            return cls(NONE) if name == NONE else None
        if name not in PROGRAMS:
            raise NeighbourError(unknown(name, (OWN, *PROGRAMS, NONE)))
        program = PROGRAMS[name]
        if os.sep in configuration or Path(configuration).suffix:
            return cls._of_file(name, Path(configuration))
        chosen = configuration or program.usual
        other = proxies / program.folder / f"{chosen}.{program.suffix}" if proxies else None
        if other and other.is_file():
            return cls._of_file(name, other)
        if chosen not in program.configurations:
            raise NeighbourError(f"{unknown(chosen, program.configurations)}, or the path of a file")
        return cls(name, chosen)

    @classmethod
    def _of_file(cls, name: str, file: Path) -> Neighbour:
        """Return a proxy with the user's configuration; raise ``NeighbourError`` for one that cannot work."""
        neighbour = cls(name, file.stem, own=file.resolve())
        try:
            text = read_text(neighbour.file)
        except (OSError, UnicodeDecodeError) as problem:
            raise NeighbourError(f"{file} cannot be read: {getattr(problem, 'strerror', '') or problem}") from problem
        for places in (("@LISTEN@", "@LISTEN_PORT@"), ("@MLFLOW@",)):
            if not any(place in text for place in places):
                told = "where it listens" if "@LISTEN@" in places else "where MLflow is"
                shown = " or ".join(places)
                raise NeighbourError(
                    f"{file} has no {shown}: write that where it says {told}, as docs/own-parts.md shows"
                )
        return neighbour

    @property
    def program(self) -> Program:
        """Its program; none without a proxy."""
        return PROGRAMS[self.name]

    @property
    def asks_auth(self) -> bool:
        """Whether it calls the reference's auth service."""
        if self.own:
            return "@AUTH@" in self.own.read_text(encoding="utf-8")
        return self.name != NONE and self.configuration in self.program.asking

    @property
    def asks_tokens(self) -> bool:
        """Whether it requires a token of an identity provider."""
        if self.own:
            return "@ISSUER@" in self.own.read_text(encoding="utf-8")
        return self.name != NONE and self.configuration in self.program.tokens

    @property
    def file(self) -> Path:
        """The configuration file: the user's or a shipped one."""
        return self.own or FOLDER / self.program.folder / f"{self.configuration}.{self.program.suffix}"

    @property
    def shipped_folder(self) -> str:
        """The folder of its shipped configurations, as a path below ``docker/``."""
        return f"{FOLDER.name}/{self.program.folder}"

    def text(self, places: Mapping[str, object], file: Path | None = None) -> str:
        """Return its configuration, or the one in ``file``, with each ``@PLACE@`` filled in.

        Raises ``NeighbourError`` for an edit that matches nothing.
        """
        text = (file or self.file).read_text(encoding="utf-8")
        for old, new in self.edits:
            if old not in text:
                raise NeighbourError(f"{self.file.name} of {self.name} has no {old!r} to be edited")
            text = text.replace(old, new)
        for place, value in places.items():
            text = text.replace(f"@{place}@", str(value))
        return text

    @property
    def option(self) -> str:
        """The value of ``--proxy`` that names it."""
        return f"{self.name}:{self.own}" if self.own else str(self)

    @property
    def whose(self) -> str:
        """Its name in reports."""
        return "this stack has no proxy" if self.name == NONE else f"the proxy {self} is not ours"

    def __str__(self) -> str:
        return f"{self.name}:{self.configuration}" if self.configuration else self.name

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible with it, empty if it is: the suite cannot change its settings."""
        if deployment.proxy != Proxy():
            return f"{self.whose}: its routes, limits and headers are its own"
        if not self.asks_auth and (
            deployment.auth != Auth() or deployment.keys != KeyService() or deployment.links.auth
        ):
            return f"{self.whose}: no auth service of ours is asked"
        if self.name == NONE and deployment.links.mlflow:
            return f"{self.whose}: nothing leads from it to MLflow"
        return ""
