"""The promises of an environment file: explicit, or implied by its other entries."""

from __future__ import annotations

from urllib.parse import urlsplit

from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.promises import Feature, Promises

_LOAD = "its file has [load]"


def promised_by(environment: EnvironmentFile) -> Promises:
    """Return the promises of a file; without explicit profiles, those that its entries imply.

    Every deployment promises what its MLflow does. Keys, or an origin at another address than the doors, imply a proxy.
    Access to the bucket or the account implies that it is to be judged.
    """
    features: dict[str, Feature] = {
        name: Feature(present, f"{environment.at(f'features.{name}')} says {_said(present=present)}", declared=True)
        for name, present in environment.features.items()
    }
    if environment.permissions is not None:
        features.setdefault(
            "permissions", Feature(present=True, how=f"{environment.at('permissions')} declares them", declared=True)
        )
    if environment.workspaces is not None:
        features.setdefault(
            "workspaces", Feature(present=True, how=f"{environment.at('workspaces')} names one", declared=True)
        )
    if environment.promises is not None:
        named: dict[str, str] = dict.fromkeys(environment.promises, f"{environment.at('promises')} names it")
        return Promises(named | ({"load": _LOAD} if environment.load else {}), features)
    implied = {"mlflow": "every deployment promises it"}
    if environment.keys:
        implied["gateway"] = "its file gives keys"
    elif _stands_before_its_origin(environment):
        implied["gateway"] = "its origin has another address than its doors"
    if environment.bucket or environment.infrastructure:
        implied["store"] = "its file opens the bucket"
    if environment.infrastructure:
        implied["account"] = "its file has [infrastructure]"
    if environment.load:
        implied["load"] = _LOAD
    return Promises(implied, features)


def _said(*, present: bool) -> str:
    return "true" if present else "false"


def _stands_before_its_origin(environment: EnvironmentFile) -> bool:
    if environment.origin is None:
        return False
    origin = urlsplit(environment.origin.url).netloc
    return any(urlsplit(door.url).netloc != origin for door in environment.doors.values())
