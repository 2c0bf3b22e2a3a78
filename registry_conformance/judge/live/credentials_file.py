"""User and password of ``~/.mlflow/credentials``: the MLflow client sends them instead of a token."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.live.usual_key import PASSWORD, USER
from registry_conformance.judge.machine import variable

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
    """Return user and password as the MLflow client finds them: each in its variable, or else in its file."""
    given = {name: variable(name) or "" for name in (USER, PASSWORD)}
    of_file = {} if all(given.values()) else _of_file()
    user, password = (value or of_file.get(name.lower(), "") for name, value in given.items())
    if not (user and password):
        return UsualLogin()
    if of_file:
        return UsualLogin(user, password, f"{_FILE} holds a user or a password", "remove them there")
    return UsualLogin(user, password, f"{USER} and {PASSWORD} are set", "unset them")


def half_login() -> str:
    """Return that one of user and password is missing, so that neither is sent; empty if both are there, or none."""
    given = {name: variable(name) or _of_file().get(name.lower(), "") for name in (USER, PASSWORD)}
    missing = [name for name, value in given.items() if not value]
    if len(missing) != 1:
        return ""
    there = PASSWORD if missing[0] == USER else USER
    return f"{there} is set and {missing[0]} is not: the MLflow client sends neither"


def _of_file() -> dict[str, str]:
    """Return the entries of the file, none of one that is missing or that the MLflow client could not read."""
    read = configparser.ConfigParser()
    try:
        read.read_string(read_text(Path(_FILE).expanduser()))
        return dict(read[_SECTION])
    except (OSError, RuntimeError, ValueError, KeyError, configparser.Error):
        return {}
