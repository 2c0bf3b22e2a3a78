"""What a deployment was before a change: an image, a configuration, a git revision of it, or a run that judged it."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.judge.locations import CHECKOUT, DOCKER
from registry_conformance.judge.report.compare import found
from registry_conformance.judge.report.read import UnreadableError
from registry_conformance.judge.suggestion import nearest
from registry_conformance.lab.external.deployment_folder import PARTS, PROXIES

_PATIENCE = 60
_IMAGES = ("proxy-image", "mlflow-image")


class BaseError(ValueError):
    """What was named as the state before a change cannot be had; the message says why, and what can be named."""


@dataclass(frozen=True, slots=True)
class Base:
    """The state before a change: options in the place of the same ones of the state after it, or a run.

    ``words`` say what it is.
    """

    words: str
    options: Mapping[str, str]
    run: Path | None = None


def base(name: str, options: Mapping[str, str], reports: Path, room: Path) -> Base:
    """Return what ``--against`` names, for a run with ``options`` (without dashes, empty ones left out).

    An earlier run comes first. Then it is an image if an image is judged, else a file or a folder in the place of the
    one that is judged, else a git revision of it: of the file of ``--proxy=NAME:FILE``, of the folder of
    ``--deployment``, or of ``docker/``. Files of a revision go into ``room``. Raises ``BaseError``.
    """
    if (run := _run(name, reports)) is not None:
        return Base(f"the run {name}", {}, run)
    if not options.get("stack"):
        raise BaseError(
            f"no run has that name in {reports}; of a deployment of others, name a run that judged it before"
        )
    images = [image for image in _IMAGES if options.get(image)]
    if len(images) > 1:
        raise BaseError(f"--{images[0]} and --{images[1]} both change: judge one change at a time")
    if images:
        return Base(f"the image {name}", {images[0]: name})
    program, _, file = options.get("proxy", "").partition(":")
    if "/" in file or Path(file).suffix:
        return _file(name, program, Path(file).resolve(), room)
    return _folder(name, Path(options.get("deployment") or DOCKER).resolve(), room)


def _run(name: str, reports: Path) -> Path | None:
    """Return the record of a run that has this name, ``None`` if none has; raise ``BaseError`` for one in short."""
    try:
        file = found(name, reports)
    except UnreadableError:
        return None
    if file.name.endswith(".json.gz"):
        raise BaseError("of that run only the verdicts are kept; name a verdicts.json, or judge it again")
    return file if file.suffix == ".json" else None


def _file(name: str, program: str, file: Path, room: Path) -> Base:
    """Return a proxy's configuration as it was: another file, or a revision of its folder."""
    if Path(name).is_file():
        return Base(f"the file {name}", {"proxy": f"{program}:{Path(name).resolve()}"})
    place = _taken_out(name, file.parent, room)
    if not (place / file.name).is_file():
        raise BaseError(f"{file.name} is not in that revision")
    return Base(f"{file.name} at {name}", {"proxy": f"{program}:{place / file.name}"})


def _folder(name: str, folder: Path, room: Path) -> Base:
    """Return the files of a deployment as they were: another folder, or a revision of this one."""
    if Path(name).is_dir():
        return Base(f"the folder {name}", {"deployment": str(Path(name).resolve())})
    if folder == DOCKER.resolve() and CHECKOUT is None:
        raise BaseError("no run and no folder has that name; a git revision needs a checkout of this project")
    place = _taken_out(name, folder, room)
    if not any((place / part).is_dir() for part in (*PARTS, PROXIES)):
        raise BaseError(f"{folder.name}/ holds none of {', '.join((*PARTS, PROXIES))} in that revision")
    return Base(f"{folder.name}/ at {name}", {"deployment": str(place)})


def _taken_out(revision: str, folder: Path, room: Path) -> Path:
    """Put a folder as it was in a git revision below ``room``, and return where; raise ``BaseError``."""
    if revision.startswith("-"):
        raise BaseError("is no run, file, folder or git revision")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    if not commit:
        near = nearest(revision, _git(folder, "for-each-ref", "--format=%(refname:short)").decode().split())
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise BaseError(f"is no run, no file or folder that is there, and no git revision of {folder}{meant}")
    place = room / commit[:12] / folder.name
    if not place.is_dir():
        packed = _git(folder, "archive", "--format=tar", commit, "--", ".")
        if not packed:
            raise BaseError(f"{folder} is not in that revision")
        place.mkdir(parents=True)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(place, filter="data")
    return place


def _git(folder: Path, *arguments: str) -> bytes:
    """Return what git says, nothing if it refuses; raise ``BaseError`` if there is no git."""
    try:
        command = ["git", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise BaseError(f"is no run, file or folder, and git cannot be asked for a revision: {problem}") from problem
    return done.stdout if done.returncode == 0 else b""
