"""MLflow releases that have not been measured yet, paired with every measured client and server."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.version import Version

from registry_conformance.lab.external.mlflow_environment import uv_program
from registry_conformance.proof.matrix.cell import SUITE, Cell, Stage

_PATIENCE = 120
_LISTED = re.compile(r"Available versions:\s*(.+)")


class ReleasesError(RuntimeError):
    """The document or the package index cannot be read; the message says which."""


def newest_cells(document: Path, say: Callable[[str], None]) -> list[Cell]:
    """Return the cells of releases newer than all in a compatibility document.

    Each such release is a server for every client of the document, and a client for every server; then a whole suite
    says what else is different in it.
    """
    try:
        cells = json.loads(document.read_text(encoding="utf-8"))["cells"]
        measured = {cell["server"] for cell in cells} | {cell["client"] for cell in cells}
        newest = max(map(Version, measured))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ReleasesError(f"{document}: nothing is known to be measured: {problem}") from problem
    new = [version for version in releases() if Version(version) > newest]
    say(f"newest measured: {newest}; newer on the index: {', '.join(new) or 'none'}")
    return [cell for version in new for cell in _cells(version, sorted(measured, key=Version), new)]


def releases() -> list[str]:
    """Return the final releases of MLflow on the index, oldest first; raise ``ReleasesError``."""
    asked = [uv_program(), "run", "--no-project", "--quiet", "--with", "pip", "python", "-m", "pip"]
    done = subprocess.run(
        [*asked, "index", "versions", "mlflow"],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    found = _LISTED.search(done.stdout)
    if done.returncode or not found:
        raise ReleasesError(f"the index does not say which releases of mlflow it has: {done.stderr.strip()[-300:]}")
    versions = [Version(each.strip()) for each in found[1].split(",")]
    return [str(version) for version in sorted(versions) if not version.is_prerelease]


def _cells(version: str, measured: Sequence[str], new: Sequence[str]) -> list[Cell]:
    as_server = [Cell(Stage(version), client) for client in (*measured, *new)]
    as_client = [Cell(Stage(server), version) for server in measured]
    return [*as_server, *as_client, Cell(Stage(version), version, SUITE)]
