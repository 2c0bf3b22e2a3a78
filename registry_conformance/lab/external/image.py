"""A third-party image as a part: how it is configured, and which deployments it cannot be part of."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.live.toml_lines import TomlError, document_of
from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import DOORS, Auth, Deployment, MLflow, Proxy
from registry_conformance.lab.images.recipe import RECIPES

SETTINGS = DOCKER / "settings"
"""The folder of the settings that count if no file is named: ``PART.toml``."""

PLACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "proxy": (
            *(f"{part}_{which}" for part in ("mlflow", "auth", "keys") for which in ("host", "port")),
            "port",
            "tls_port",
            "certificate",
            "certificate_key",
        ),
        "mlflow": ("port", "database", "artifacts"),
    }
)
"""Part -> what its settings may say in braces."""

OPTIONS = tuple(f"{part}_{what}" for part in PLACES for what in ("image", "settings"))
"""The options for third-party images and their settings."""

_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "port": "a port, 1 to 65535",
        "tls_port": "a port, 1 to 65535, other than port",
        "doors": f"a list of {', '.join(DOORS)}",
        "variables": "a table of texts",
        "arguments": "a list of texts",
    }
)
_FIELDS = {"proxy": tuple(_SHAPES), "mlflow": ("port", "variables", "arguments")}
_NEEDED = {
    "proxy": ((("mlflow_host", "mlflow_port"), "MLflow"), (("auth_host", "keys_host"), "auth or key service")),
    "mlflow": ((("database",), "the database"), (("artifacts",), "the artifacts")),
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ExternalImageError(ValueError):
    """The settings of an image are invalid; the message names file, entry and what is allowed."""


@dataclass(frozen=True, slots=True)
class ExternalImage:
    """An image of others in the place of ``part``, and the settings that it is started by.

    It listens at ``port``, and takes TLS at ``tls_port``, 0 for nowhere; a proxy serves ``doors``. ``variables`` and
    ``arguments`` are what it is told, with ``PLACES`` in braces.
    """

    part: str
    image: str
    port: int
    tls_port: int = 0
    doors: tuple[str, ...] = tuple(DOORS)
    variables: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()

    @classmethod
    def read(cls, part: str, image: str, file: Path | None = None) -> ExternalImage:
        """Return an image with its settings, by default those of ``docker/settings``.

        Raises ``ExternalImageError``.
        """
        shown = file.name if file else f"docker/settings/{part}.toml"
        try:
            document = document_of(read_text(file or SETTINGS / f"{part}.toml"))
        except OSError as problem:
            raise ExternalImageError(f"{shown}: cannot be read: {problem.strerror}") from problem
        except (TomlError, UnicodeDecodeError) as problem:
            raise ExternalImageError(f"{shown}: is not TOML: {problem}") from problem
        _refuse(part, shown, document)
        return cls(
            part=part,
            image=_pinned(image),
            port=document["port"],
            tls_port=document.get("tls_port", 0),
            doors=tuple(door for door in DOORS if door in document.get("doors", DOORS)),
            variables=tuple(document.get("variables", {}).items()),
            arguments=tuple(document.get("arguments", ())),
        )

    def filled_in(self, places: Mapping[str, object]) -> tuple[dict[str, str], list[str]]:
        """Return variables and arguments with the placeholders filled in."""
        variables = {name: value.format_map(places) for name, value in self.variables}
        return variables, [argument.format_map(places) for argument in self.arguments]

    @property
    def asks_auth(self) -> bool:
        """Whether it calls the auth service, and so is judged with that service's policy."""
        return "auth_host" in _named(self.variables, self.arguments)

    @property
    def whose(self) -> str:
        """Its name in reports."""
        return f"the {self.part} {self.image} is not ours"

    def lacks(self, deployment: Deployment) -> str:
        """Return why a deployment is not possible with it, empty if it is."""
        if self.part == "mlflow":
            flags, usual = deployment.mlflow, MLflow()
            same = (flags.default_root, flags.serve_artifacts) == (usual.default_root, usual.serve_artifacts)
            return "" if same and flags.destination else f"{self.whose}: it has the flags of its settings"
        if deployment.proxy != Proxy():
            return f"{self.whose}: its routes, limits and headers are its own"
        if not self.asks_auth and (deployment.auth != Auth() or deployment.links.auth):
            return f"{self.whose}: it asks no auth service of ours"
        return ""


def named(part: str, options: Mapping[str, Any], *, in_containers: bool) -> ExternalImage | None:
    """Return the image that the options name for a part, with its settings; ``None`` for the reference's own.

    Raises ``ExternalImageError`` that names the option.
    """
    image, file = options.get(f"{part}_image", ""), options.get(f"{part}_settings", "")
    if file and not image:
        raise ExternalImageError(f"--{part}-settings={file}: add --{part}-image, whose settings they are")
    if not image:
        return None
    if not in_containers:
        raise ExternalImageError(f"--{part}-image={image}: only containers have images; add --stack=docker")
    try:
        return ExternalImage.read(part, image, Path(file).resolve() if file else None)
    except ExternalImageError as problem:
        raise ExternalImageError(f"--{part}-settings={problem}" if file else str(problem)) from None


def _pinned(image: str) -> str:
    """Return the full tag of an image that is built here; other names unchanged."""
    ours = {recipe.latest: recipe.tag for recipe in RECIPES.values()}
    return ours.get(image if ":" in image.rpartition("/")[2] else f"{image}:latest", image)


def _refuse(part: str, shown: str, document: Mapping[str, Any]) -> None:
    fields = _FIELDS[part]
    if strange := sorted(set(document) - set(fields)):
        raise ExternalImageError(f"{shown}: {strange[0]!r} is unknown; use {', '.join(fields)}")
    if "port" not in document:
        raise ExternalImageError(f"{shown}: port is missing; give {_SHAPES['port']}")
    for name, value in document.items():
        if not _fits(name, value) or (name == "tls_port" and value == document["port"]):
            raise ExternalImageError(f"{shown}: {name} cannot be {value!r}; give {_SHAPES[name]}")
    told = _named(tuple(document.get("variables", {}).items()), tuple(document.get("arguments", ())), shown)
    if unknown := sorted(told - set(PLACES[part])):
        raise ExternalImageError(f"{shown}: {{{unknown[0]}}} is unknown; there are {', '.join(PLACES[part])}")
    for places, what in _NEEDED[part]:
        if not told & set(places):
            raise ExternalImageError(
                f"{shown}: nothing tells the image where {what} is; use {{{'} or {'.join(places)}}}"
            )


def _fits(name: str, value: object) -> bool:
    if name in {"port", "tls_port"}:
        return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535
    if name == "variables":
        return isinstance(value, dict) and all(
            _NAME.fullmatch(key) and isinstance(text, str) for key, text in value.items()
        )
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        return False
    return name != "doors" or (bool(value) and set(value) <= set(DOORS))


def _named(variables: tuple[tuple[str, str], ...], arguments: tuple[str, ...], shown: str = "") -> set[str]:
    """Return the placeholders in the texts; raise ``ExternalImageError`` for unbalanced braces."""
    texts = [*(value for _, value in variables), *arguments]
    try:
        return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as problem:
        raise ExternalImageError(f"{shown}: {problem}; a brace that is meant as such is written twice") from problem
