"""Temporary folders that record their owner, so that the next start removes those of killed processes."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from registry_conformance.judge.owner import Owner

OWNER_FILE = ".registry-conformance-owner"
_UNFINISHED = ".registry-conformance-"
_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A folder whose owner has ended without removing it.

    ``run`` is the run that ended with its owner, empty if only a part of one did; ``engine`` is whether that run had
    containers.
    """

    folder: Path
    run: str
    engine: bool


def owned_folder(prefix: str, owner: Owner | None = None, run: str = "", *, engine: bool = False) -> Path:
    """Create a temporary folder that records its owner; the caller removes it.

    The owner is this process, or another: the controller of ``run``.
    """
    maker = Owner.this()
    place = Path(tempfile.mkdtemp(prefix=f"{_UNFINISHED}{maker.pid}-{maker.started}-"))
    about = {**asdict(owner or maker), "run": run, "engine": engine}
    (place / OWNER_FILE).write_text(json.dumps(about))
    folder = place.with_name(prefix + place.name.rpartition("-")[2])
    place.rename(folder)
    return folder


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Yield a temporary folder, removed at the end of the block or, if this process is killed, by the next start."""
    folder = owned_folder(prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(prefix: str = "") -> list[Abandoned]:
    """Remove temporary folders of this user whose owners have ended; return them.

    Only those whose names begin with ``prefix``. A folder of another machine or an earlier boot is left until it is a
    day old.
    """
    named = (folder for folder in _own_folders() if folder.name.startswith(prefix))
    found = [abandoned for folder in named if (abandoned := _abandoned(folder))]
    for each in found:
        shutil.rmtree(each.folder, ignore_errors=True)
    return [each for each in found if not each.folder.exists()]


def _own_folders() -> Iterator[Path]:
    """Yield the temporary folders of the suite that belong to this user."""
    with os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            try:
                told = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(told.st_mode) and told.st_uid == os.geteuid():
                yield Path(entry.path)


def _abandoned(folder: Path) -> Abandoned | None:
    if folder.name.startswith(_UNFINISHED):
        return _unfinished(folder)
    try:
        text = (folder / OWNER_FILE).read_text()
    except (OSError, ValueError):
        return None
    owner = Owner.read(text)
    if owner is None or not (owner.is_dead or _is_strange_and_old(owner, folder)):
        return None
    about = json.loads(text)
    return Abandoned(folder, str(about.get("run", "")), bool(about.get("engine")))


def _unfinished(folder: Path) -> Abandoned | None:
    """Return a folder whose owner was killed while creating it."""
    pid, _, rest = folder.name.removeprefix(_UNFINISHED).partition("-")
    if not pid.isdigit():
        return None
    owner = Owner(int(pid), rest.partition("-")[0], Owner.this().machine)
    return Abandoned(folder, "", engine=False) if owner.is_dead else None


def _is_strange_and_old(owner: Owner, folder: Path) -> bool:
    try:
        return not owner.is_here and time.time() - folder.stat().st_mtime > _DAY
    except OSError:
        return False
