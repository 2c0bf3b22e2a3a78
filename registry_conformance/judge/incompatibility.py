"""Incompatible versions of MLflow's client, its server and the store, with the symptom and the upstream reference."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import Version

_NUMBER = re.compile(r"\d+\.\d+\.\d+[\w.]*")


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """Clients that cannot register on servers: why, what to do, and the upstream reference.

    ``store`` names the only store with which it is so, as ``--store`` does; empty for any.
    """

    servers: SpecifierSet
    clients: SpecifierSet
    sentence: str
    remedy: str
    reference: str
    store: str = ""


KNOWN = (
    Incompatibility(
        SpecifierSet("<3"),
        SpecifierSet(">=3"),
        "clients of 3.x need a server of 3.x",
        "use a client of 2.x (--client=2.22.5), or deploy a server of 3.x",
        "mlflow#16215",
    ),
    Incompatibility(
        SpecifierSet("<=2.12.2"),
        SpecifierSet("<3"),
        "on MinIO, the server's botocore (1.34, as old as MLflow 2.12) waits for ever after an empty file",
        "update boto3 where MLflow runs, and set BOTO_EXPERIMENTAL__NO_EMPTY_CONTINUE=true there if it still waits",
        "boto/botocore#3755",
        store="minio",
    ),
)


def between(server: str, client: str, store: str = "") -> Incompatibility | None:
    """Return the known incompatibility of a client and a server on a store, ``None`` if there is none.

    Each is a version, or a text that contains one, such as ``mlflow 3.9.0``; the store's begins with its name.
    """
    there, here = _version(server), _version(client)
    if there is None or here is None:
        return None
    found = (each for each in KNOWN if _has(each.servers, there) and _has(each.clients, here))
    return next((each for each in found if store.startswith(each.store)), None)


def _has(versions: SpecifierSet, version: Version) -> bool:
    return versions.contains(version, prereleases=True)


def _version(text: str) -> Version | None:
    found = _NUMBER.search(text)
    return Version(found[0]) if found else None
