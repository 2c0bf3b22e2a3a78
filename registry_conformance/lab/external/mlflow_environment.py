"""Other MLflow versions: a virtual environment for each, created once by uv and cached."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from registry_conformance.judge.locations import shared_cache_folder
from registry_conformance.judge.machine import installer_environment

FORM = re.compile(r"\d+\.\d+\.\d+((rc|a|b)\d+)?")
"""What a version looks like: ``3.9.0``."""
OLDEST = Version("2.9.0")
"""Older servers and clients were never measured."""

_CONSTRAINTS = (("<3.6", "sqlalchemy<2.1"), ("<2.13", "setuptools<80"))
"""Versions of MLflow -> what they need older than what they ask for; each was seen to fail without."""
_LAST_DAYS = {"2.9": "2024-01-20", "2.10": "2024-02-25", "2.11": "2024-04-10", "2.12": "2024-05-15"}
"""Release line -> the last day of packages that it works with: it bounds its dependencies too little."""
NEEDED = (
    "boto3",
    "flask-wtf",
    "h2",
    "httpx",
    "packaging",
    "psutil",
    "psycopg2-binary",
    "pydantic",
    "pymysql",
    "skops",
)
"""What a server needs for its store, database and users, and what the suite's own code needs in a client."""
_STAMP = "complete"
_UNSOLVED = "No solution found"


class MlflowEnvironmentError(RuntimeError):
    """There is no environment of that version; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class MlflowEnvironment:
    """The virtual environment of one MLflow version, in a cache that all checkouts of this user share."""

    version: str

    @classmethod
    def named(cls, version: str) -> MlflowEnvironment:
        """Return the environment of a version, created or not; raise ``MlflowEnvironmentError`` if it is invalid."""
        if not FORM.fullmatch(version):
            raise MlflowEnvironmentError(f"{version!r} is no version of MLflow; give all three numbers, as 3.9.0")
        if Version(version) < OLDEST:
            raise MlflowEnvironmentError(f"versions before {OLDEST} were never measured")
        return cls(version)

    @property
    def folder(self) -> Path:
        """Its folder: one for each version of MLflow and of Python."""
        return place() / f"{self.version}-py{sys.version_info.major}.{sys.version_info.minor}"

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    @property
    def note(self) -> str:
        """What is unusual about it, empty if nothing is, or if it is not created yet."""
        stamp = self.folder / _STAMP
        return stamp.read_text(encoding="utf-8") if stamp.exists() else ""

    @property
    def is_made(self) -> bool:
        """Whether it exists and is complete."""
        return (self.folder / _STAMP).exists()

    def make(self, say: Callable[[str], None]) -> None:
        """Create it if it does not exist; concurrent callers wait.

        Raises ``MlflowEnvironmentError`` with the installer's output.
        """
        if self.is_made:
            return
        with _alone(self.folder):
            if self.is_made:
                return
            say(f"making the environment of MLflow {self.version} in {self.folder} ...")
            shutil.rmtree(self.folder, ignore_errors=True)
            _uv("venv", "--quiet", "--python", sys.executable, str(self.folder))
            note = self._install()
            (self.folder / _STAMP).write_text(note, encoding="utf-8")

    def _install(self) -> str:
        """Install MLflow with its dependencies; return a note on anything unusual.

        If a new release's dependencies are not on the index yet, those of the suite's version are used.
        """
        try:
            self._pip(f"mlflow=={self.version}", *NEEDED, *self._constraints())
        except MlflowEnvironmentError as problem:
            ours = installed("mlflow")
            if _UNSOLVED not in str(problem) or Version(self.version) <= Version(ours):
                raise
            self._pip(f"mlflow=={ours}", *NEEDED)
            self._pip("--no-deps", f"mlflow=={self.version}")
            return f"with the dependencies of {ours}: its own are not all on the index"
        return ""

    def _pip(self, *arguments: str) -> None:
        line = ".".join(self.version.split(".")[:2])
        until = ("--exclude-newer", _LAST_DAYS[line]) if line in _LAST_DAYS else ()
        _uv("pip", "install", "--quiet", "--python", self.python, *until, *arguments)

    def _constraints(self) -> list[str]:
        return [needed for versions, needed in _CONSTRAINTS if Version(self.version) in SpecifierSet(versions)]


def made() -> dict[str, str]:
    """Return the names of the existing environments, each with a note."""
    stamps = sorted(place().glob(f"*/{_STAMP}"))
    return {stamp.parent.name: stamp.read_text(encoding="utf-8") for stamp in stamps}


def clear() -> int:
    """Remove all environments; return their number."""
    removed = [each for each in place().glob("*/") if each.is_dir()]
    for each in removed:
        with _alone(each):
            shutil.rmtree(each, ignore_errors=True)
    for lock in place().glob("*.lock"):
        lock.unlink(missing_ok=True)
    return len(removed)


def size() -> int:
    """Return the bytes of all environments; hard-linked files count once."""
    seen = {}
    for file in place().rglob("*"):
        if file.is_file() and not file.is_symlink():
            told = file.stat()
            seen[told.st_dev, told.st_ino] = told.st_size
    return sum(seen.values())


def place() -> Path:
    """Return the folder of the environments."""
    return shared_cache_folder() / "mlflow"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock a folder against other processes that would create or remove it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def uv_program() -> str:
    """Return the path of uv; raise ``MlflowEnvironmentError`` if it is not installed."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - only who judges another version needs it

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError) as problem:
        raise MlflowEnvironmentError("uv is not installed, which makes environments: pip install uv") from problem


def _uv(*arguments: str) -> None:
    # in a folder of no project: uv would hold to the versions that this project's file names
    command, around = [uv_program(), *arguments], installer_environment()
    done = subprocess.run(command, cwd=place(), capture_output=True, text=True, check=False, env=around)
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise MlflowEnvironmentError(f"uv {arguments[0]} failed: {said[:600] or f'exit code {done.returncode}'}")
