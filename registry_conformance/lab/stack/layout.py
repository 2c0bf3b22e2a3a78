"""The layout of a stack: folders, addresses, secrets, and the runners of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from registry_conformance.judge.target.target import BucketAccess
from registry_conformance.lab.stack.request import PATIENCE
from registry_conformance.lab.stack.runner import Runner

Address = tuple[str, int]
"""Host and port, as every part and the suite itself reach it."""


@dataclass(frozen=True)
class Layout:
    """One stack's place.

    ``addresses`` are by part, ``to-LINK`` for what stands on a link; ``new_runner`` makes what runs a part's program;
    ``cache`` outlives the run and may be ``None``; ``http`` asks the parts whether they are ready; ``servers`` is how
    many processes MLflow has; ``standing`` names the links that a recorder stands on even where nobody passes it;
    ``patience`` is how many seconds a part may take until it is ready.
    """

    run_id: str
    folder: Path
    cache: Path | None
    addresses: Mapping[str, Address]
    keys: Mapping[str, str]
    bucket: BucketAccess
    http: httpx.AsyncClient
    servers: int
    new_runner: Callable[[Layout, str], Runner]
    standing: frozenset[str] = frozenset()
    patience: float = PATIENCE

    def url(self, part: str) -> str:
        """Return the base URL of a part."""
        host, port = self.addresses[part]
        return f"http://{host}:{port}"

    def workdir(self, part: str) -> Path:
        """Return the folder that a part may write in."""
        folder = self.folder / part
        folder.mkdir(exist_ok=True)
        return folder

    def log(self, part: str) -> Path:
        """Return the log file of a part."""
        return self.folder / "logs" / f"{part}.log"
