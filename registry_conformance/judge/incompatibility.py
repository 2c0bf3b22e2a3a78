"""Incompatible MLflow versions, with their symptom and the upstream reference."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import Version

_NUMBER = re.compile(r"\d+\.\d+\.\d+[\w.]*")


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """Clients that cannot register on servers: why, what to do, and the upstream reference."""

    servers: SpecifierSet
    clients: SpecifierSet
    sentence: str
    remedy: str
    reference: str


KNOWN = (
    Incompatibility(
        SpecifierSet("<3"),
        SpecifierSet(">=3"),
        "clients of 3.x need a server of 3.x",
        "use a client of 2.x (--client=2.22.5), or deploy a server of 3.x",
        "mlflow#16215",
    ),
)


def between(server: str, client: str) -> Incompatibility | None:
    """Return the known incompatibility of a client and a server, ``None`` if there is none.

    Each is a version, or a text that contains one, such as ``mlflow 3.9.0``.
    """
    there, here = _version(server), _version(client)
    if there is None or here is None:
        return None
    found = (each for each in KNOWN if _has(each.servers, there) and _has(each.clients, here))
    return next(found, None)


def _has(versions: SpecifierSet, version: Version) -> bool:
    return versions.contains(version, prereleases=True)


def _version(text: str) -> Version | None:
    found = _NUMBER.search(text)
    return Version(found[0]) if found else None
