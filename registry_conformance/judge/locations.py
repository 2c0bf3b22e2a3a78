"""Paths of the project's files: in a checkout, or inside the installed package.

A wheel contains, in its folder ``resources``, the files of a checkout that the judge and the stacks need.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
_RESOURCES = PACKAGE / "resources"

CHECKOUT = None if _RESOURCES.is_dir() else PACKAGE.parent
"""The top of the checkout, ``None`` in an installed wheel."""
ROOT = CHECKOUT or _RESOURCES
"""The folder that holds ``suites``, ``fixtures``, ``docker`` and ``pytest.ini``; nothing is written there."""
SUITES = ROOT / "suites"
REGISTER = SUITES / "requirements"
ENVIRONMENTS = SUITES / "live" / "environments"
DOCKER = ROOT / "docker"


def brought_by(extra: str) -> str:
    """Return what to type, in a checkout, for the optional dependencies of this name: no package index has them."""
    return f"in a checkout, pip install '.[{extra}]' brings it, as does uvx --from '.[{extra}]' registry-conformance"


def report_folder() -> Path:
    """Return the default folder for reports, history and ledgers: ``reports`` of the checkout, else of this folder."""
    return (CHECKOUT or Path.cwd()) / "reports"


def cache_folder() -> Path:
    """Return an existing cache folder: the checkout's, the user's, or a temporary one."""
    own = [CHECKOUT / ".pytest_cache" / "d" / "conformance"] if CHECKOUT is not None else []
    return _first_writable([*own, *_shared_places()])


def shared_cache_folder() -> Path:
    """Return a cache folder that all checkouts of this user share."""
    return _first_writable(_shared_places())


def _shared_places() -> list[Path]:
    user = os.path.expanduser("~/.cache")  # noqa: PTH111 - as it is, and not an error, if there is no home
    users = [] if user.startswith("~") else [Path(user) / "registry-conformance"]
    return [*users, Path(tempfile.gettempdir()) / "registry-conformance-cache"]


def _first_writable(places: list[Path]) -> Path:
    for place in places:
        if _writable(place):
            return place
    return Path(tempfile.mkdtemp(prefix="registry-conformance-"))


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
