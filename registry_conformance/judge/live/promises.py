"""What an environment's file promises: by name, or by what the rest of it implies."""

from __future__ import annotations

from urllib.parse import urlsplit

from registry_conformance.judge.live.profile import Profile
from registry_conformance.judge.promises import Feature, Promises

_LOAD = "its file has [load]"


def promised_by(profile: Profile) -> Promises:
    """Return what a file promises; one that names no profiles promises those that it implies.

    Every deployment promises what its MLflow does. Who gives keys, or an origin at another address than its doors,
    has something in front of MLflow. Who opens the bucket or the account wants it judged.
    """
    features: dict[str, Feature] = {
        name: Feature(present, f"{profile.at(f'features.{name}')} says {_said(present=present)}", declared=True)
        for name, present in profile.features.items()
    }
    if profile.permissions is not None:
        features.setdefault(
            "permissions", Feature(present=True, how=f"{profile.at('permissions')} declares them", declared=True)
        )
    if profile.promises is not None:
        named: dict[str, str] = dict.fromkeys(profile.promises, f"{profile.at('promises')} names it")
        return Promises(named | ({"load": _LOAD} if profile.load else {}), features)
    implied = {"mlflow": "every deployment promises it"}
    if profile.keys:
        implied["gateway"] = "its file gives keys"
    elif _stands_before_its_origin(profile):
        implied["gateway"] = "its origin has another address than its doors"
    if profile.bucket or profile.infrastructure:
        implied["store"] = "its file opens the bucket"
    if profile.infrastructure:
        implied["account"] = "its file has [infrastructure]"
    if profile.load:
        implied["load"] = _LOAD
    return Promises(implied, features)


def _said(*, present: bool) -> str:
    return "true" if present else "false"


def _stands_before_its_origin(profile: Profile) -> bool:
    if profile.origin is None:
        return False
    origin = urlsplit(profile.origin.url).netloc
    return any(urlsplit(door.url).netloc != origin for door in profile.doors.values())
