"""A folder laid out like ``docker/``, whose files replace the shipped ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.locations import DOCKER
from registry_conformance.judge.suggestion import unknown
from registry_conformance.lab.deployment import Deployment

PARTS = ("proxy", "auth", "mlflow")
"""The parts whose files a running stack reads."""
PROXIES = "proxies"
"""The folder of the configurations of other proxies."""
_SUFFIXES = (".yaml", ".lua", ".py", ".toml")
"""What a part reads; all else in its folder (a Dockerfile, a lock) is about its image."""
_REQUIREMENTS = "requirements"


class DeploymentFolderError(ValueError):
    """A folder cannot replace ``docker/``; the message says why."""


@dataclass(frozen=True, slots=True)
class DeploymentFolder:
    """A folder and its changes: ``files`` are those that differ from the shipped ones, as in ``Deployment``."""

    folder: Path
    files: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, folder: Path) -> DeploymentFolder:
        """Read the files of the parts in a folder; raise ``DeploymentFolderError``."""
        if not folder.is_dir():
            raise DeploymentFolderError("there is no such folder")
        if not any((folder / part).is_dir() for part in (*PARTS, PROXIES)):
            raise DeploymentFolderError(f"it holds none of the folders {', '.join((*PARTS, PROXIES))}")
        texts = {path: _text(folder / path) for part in PARTS for path in _read_by(folder, part)}
        for path in texts:
            _refuse_unread(path)
        shipped = {path: _text(DOCKER / path) for path in texts if (DOCKER / path).is_file()}
        return cls(folder, tuple(sorted((path, text) for path, text in texts.items() if shipped.get(path) != text)))

    @property
    def proxies(self) -> Path | None:
        """The folder with configurations of other proxies, ``None`` if there is none."""
        return self.folder / PROXIES if (self.folder / PROXIES).is_dir() else None

    def change(self, deployment: Deployment) -> Deployment:
        """Return a deployment with these files; files that it already replaces are kept."""
        return replace(deployment, files=tuple(sorted({**dict(self.files), **dict(deployment.files)}.items())))


def _read_by(folder: Path, part: str) -> list[str]:
    """Return the paths, below ``folder``, of the files that a part reads."""
    found = sorted((folder / part).glob("*")) if (folder / part).is_dir() else []
    names = [file.name for file in found if file.suffix in _SUFFIXES and not file.name.startswith(_REQUIREMENTS)]
    return [f"{part}/{name}" for name in names]


def _refuse_unread(path: str) -> None:
    """Raise ``DeploymentFolderError`` for a proxy file that nothing would read: its name is misspelt."""
    part, _, name = path.partition("/")
    if part == "proxy" and not (DOCKER / path).is_file():
        raise DeploymentFolderError(f"{path}: {unknown(name, [each.name for each in (DOCKER / part).glob('*.*')])}")


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except (OSError, UnicodeDecodeError) as problem:
        raise DeploymentFolderError(f"{file.name}: cannot be read as text: {problem}") from problem
