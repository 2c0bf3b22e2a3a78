"""User and password of ``~/.mlflow/credentials``, which the MLflow client sends instead of a token, or does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.ini_file import IniError, ini_section
from registry_conformance.judge.machine import variable

_PLUGIN = "MLFLOW_TRACKING_AUTH"
USER, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
_FILE, _SECTION = "~/.mlflow/credentials", "mlflow"


@dataclass(frozen=True, slots=True)
class UsualLogin:
    """User and password, both empty if either is missing.

    ``where`` says where they stand, as the subject of a sentence; ``remedy`` how they go away.
    """

    user: str = ""
    password: str = ""
    where: str = ""
    remedy: str = ""


def usual_login() -> UsualLogin:
    """Return user and password as the MLflow client finds them: each in its variable, or else in its file.

    Raises ``EnvironmentFileError`` if the client cannot read the file.
    """
    of_file = _of_file()
    given = {name: variable(name) or "" for name in (USER, PASSWORD)}
    user, password = (value or of_file.get(name.lower(), "") for name, value in given.items())
    if not (user and password):
        return UsualLogin()
    if not all(given.values()):
        return UsualLogin(user, password, f"{_FILE} holds a user or a password", "remove them there")
    return UsualLogin(user, password, f"{USER} and {PASSWORD} are set", "unset them")


def usual_password() -> dict[str, Any]:
    """Return user and source of the password as entries of an environment file, empty without both.

    Raises ``EnvironmentFileError`` if the client cannot read the file.
    """
    login = usual_login()
    if not login.user:
        return {}
    in_file = {"file": _FILE, "entry": f"{_SECTION}.{PASSWORD.lower()}"}
    return {"user": login.user, "password": {"variable": PASSWORD} if variable(PASSWORD) else in_file}


def unsent_credential() -> str:
    """Return what is set of a credential and sends none; empty if nothing is.

    Of user and password one is missing, or a plugin is named that signs requests: a client that has it installed sends
    what it makes, and this suite does not.
    """
    given = {name: variable(name) or _of_file().get(name.lower(), "") for name in (USER, PASSWORD)}
    missing = [name for name, value in given.items() if not value]
    if len(missing) == 1:
        there = PASSWORD if missing[0] == USER else USER
        return f"{there} is set and {missing[0]} is not: the MLflow client sends neither"
    if plugin := (variable(_PLUGIN) or "").strip():
        return (
            f"{_PLUGIN} names the plugin {plugin[:64]!r}: where it is not installed, the MLflow client sends no "
            "credential for it, and only warns; this suite sends none for a plugin"
        )
    return ""


def _of_file() -> dict[str, str]:
    """Return the entries of the file, none of one that cannot be opened, which the MLflow client passes over."""
    try:
        text = read_text(Path(_FILE).expanduser())
    except (OSError, RuntimeError):  # RuntimeError: no home
        return {}
    except UnicodeDecodeError:
        raise _unreadable("it is not UTF-8") from None
    try:
        return ini_section(text, _SECTION)
    except IniError as problem:
        raise _unreadable(str(problem)) from None


def _unreadable(reason: str) -> EnvironmentFileError:
    return EnvironmentFileError(f"{_FILE}: {reason}; the MLflow client cannot read it, so each of its calls fails")
