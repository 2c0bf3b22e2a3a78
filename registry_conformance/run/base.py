"""The base of ``--against``: an image, a configuration, a git revision, or an earlier run."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.judge.locations import CHECKOUT, DOCKER
from registry_conformance.judge.report.compare import found, similar_runs
from registry_conformance.judge.report.read import UnreadableError
from registry_conformance.judge.report.write import VERDICTS
from registry_conformance.judge.suggestion import nearest
from registry_conformance.lab.external.deployment_folder import PARTS, PROXIES

_PATIENCE = 60
_IMAGES = ("proxy-image", "mlflow-image")


class BaseError(ValueError):
    """The base cannot be used; the message says why, and what can be named."""


@dataclass(frozen=True, slots=True)
class Base:
    """The state before a change: options that replace those of the state after it, or a run. ``words`` describe it."""

    words: str
    options: Mapping[str, str]
    run: Path | None = None


def base(name: str, options: Mapping[str, str], reports: Path, room: Path) -> Base:
    """Return what ``--against`` names, for a run with ``options`` (without dashes, without empty ones).

    An earlier run takes precedence. Otherwise it is an image if an image is judged, else a file or folder that replaces
    the judged one, else a git revision of it: of the file of ``--proxy=NAME:FILE``, of the folder of ``--deployment``,
    or of ``docker/``. Files of a revision are written to ``room``. Raises ``BaseError``.
    """
    program, _, file = options.get("proxy", "").partition(":")
    of_file = "/" in file or bool(Path(file).suffix)
    if (run := _run(name, reports)) is not None and not (of_file and run.name != VERDICTS and run == Path(name)):
        return Base(f"the run {name}", {}, run)
    if not options.get("stack"):
        near = similar_runs(name, reports)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise BaseError(
            f"no run has that name in {reports}{meant}; of a deployment of others, name a run that judged it before"
        )
    images = [image for image in _IMAGES if options.get(image)]
    if len(images) > 1:
        raise BaseError(f"--{images[0]} and --{images[1]} both change: judge one change at a time")
    if images:
        return Base(f"the image {name}", {images[0]: name})
    if of_file:
        return _file(name, program, Path(file).resolve(), room, similar_runs(name, reports))
    return _folder(name, Path(options.get("deployment") or DOCKER).resolve(), room, similar_runs(name, reports))


def _run(name: str, reports: Path) -> Path | None:
    """Return the record of the run with this name, ``None`` if there is none.

    Raises ``BaseError`` if only a snapshot of it is kept.
    """
    try:
        file = found(name, reports)
    except UnreadableError:
        return None
    if file.name.endswith(".json.gz"):
        raise BaseError("of that run only the verdicts are kept; name a verdicts.json, or judge it again")
    return file if file.suffix == ".json" else None


def _file(name: str, program: str, file: Path, room: Path, runs: Sequence[str]) -> Base:
    """Return a proxy's earlier configuration: another file, or a git revision of it."""
    if _path_test(Path(name).is_file):
        return Base(f"the file {name}", {"proxy": f"{program}:{Path(name).resolve()}"})
    if not _path_test(file.is_file):
        raise BaseError(f"there is no file {file}, whose earlier content that would be")
    place = _taken_out(name, file.parent, room, runs)
    if not (place / file.name).is_file():
        raise BaseError(f"{file.name} is not in that revision")
    return Base(f"{file.name} at {name}", {"proxy": f"{program}:{place / file.name}"})


def _folder(name: str, folder: Path, room: Path, runs: Sequence[str]) -> Base:
    """Return the earlier files of a deployment: another folder, or a git revision of this one."""
    if _path_test(Path(name).is_dir):
        return Base(f"the folder {name}", {"deployment": str(Path(name).resolve())})
    if folder == DOCKER.resolve() and CHECKOUT is None:
        raise BaseError("no run and no folder has that name; a git revision needs a checkout of this project")
    place = _taken_out(name, folder, room, runs)
    if not any((place / part).is_dir() for part in (*PARTS, PROXIES)):
        raise BaseError(f"{folder.name}/ holds none of {', '.join((*PARTS, PROXIES))} in that revision")
    return Base(f"{folder.name}/ at {name}", {"deployment": str(place)})


def _taken_out(revision: str, folder: Path, room: Path, runs: Sequence[str]) -> Path:
    """Write a folder as of a git revision below ``room``, and return its path; raise ``BaseError``.

    ``runs`` are similarly named runs, which may have been meant.
    """
    if revision.startswith("-"):
        raise BaseError("is no run, file, folder or git revision")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    if not commit:
        near = nearest(revision, _git(folder, "for-each-ref", "--format=%(refname:short)").decode().split())
        near = nearest(revision, [*near, *runs])
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise BaseError(f"is no run, no file or folder that is there, and no git revision of {folder}{meant}")
    told = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    place = room / f"{commit[:12]}-{told}" / folder.name
    if not place.is_dir():
        packed = _git(folder, "archive", "--format=tar", commit, "--", ".")
        if not packed:
            raise BaseError(f"{folder} is not in that revision")
        room.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=room, prefix=".part-") as part:
            whole = Path(part) / place.parent.name
            (whole / folder.name).mkdir(parents=True)
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(whole / folder.name, filter="data")
            if not place.is_dir():
                whole.rename(place.parent)
    return place


def _path_test(asked: Callable[[], bool]) -> bool:
    """Return the result of a test on a path, ``False`` for a name that is too long for one."""
    try:
        return asked()
    except OSError:
        return False


def _git(folder: Path, *arguments: str) -> bytes:
    """Return git's output, empty if it fails; raise ``BaseError`` if git is not installed."""
    try:
        command = ["git", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise BaseError(f"is no run, file or folder, and git cannot be asked for a revision: {problem}") from problem
    return done.stdout if done.returncode == 0 else b""
