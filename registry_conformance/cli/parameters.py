"""Types of option values that several sub-commands share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from registry_conformance.cli.problems import refuse
from registry_conformance.judge.locations import report_folder
from registry_conformance.judge.suggestion import unknown

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Known(click.ParamType[str]):
    """One of the names that ``names`` returns; it is called only if the option is given, never for the help text.

    ``listing`` is the command that shows all names, ``name`` what the value is called in help.
    """

    def __init__(self, names: Callable[[], Iterable[str]], listing: str, name: str = "NAME") -> None:
        self._names = names
        self._listing = listing
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, _: click.Context | None) -> str:
        """Return the name, or reject it and suggest the nearest one."""
        known = list(self._names())
        if value not in known:
            raise refuse(f"{_of(param)}{value}: {unknown(str(value), known, listing=self._listing)}")
        return str(value)


class OneOf(click.Choice[str]):
    """One of a few words; any other is rejected with the nearest one, worded like all other messages."""

    def convert(self, value: Any, param: click.Parameter | None, _: click.Context | None) -> str:
        """Return the word, or refuse it."""
        if value not in self.choices:
            raise refuse(f"{_of(param)}{value}: {unknown(str(value), self.choices)}")
        return str(value)


class Age(click.ParamType[timedelta]):
    """An age such as ``30m``, ``24h`` or ``7d``."""

    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, _: click.Context | None) -> timedelta:
        """Return the age, or reject a value that is not one."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,4})([mhd])", value)
        if not found:
            raise refuse(f"{_of(param)}{value}: write an age such as 30m, 24h or 7d")
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


class Whole(click.IntRange):
    """A whole number within bounds; any other is rejected, worded like all other messages."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or reject the value."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter as problem:
            bounds = f"from {self.min} to {self.max}" if self.max is not None else f"of {self.min} or more"
            raise refuse(f"{_of(param)}{value}: give a whole number {bounds}") from problem


class Seconds(click.ParamType[float]):
    """A time in seconds, above 0 and finite."""

    name = "SECONDS"

    def convert(self, value: Any, param: click.Parameter | None, _: click.Context | None) -> float:
        """Return the seconds, or reject a value that is no such number."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            raise refuse(f"{_of(param)}{value}: give a number of seconds above 0, such as 90")
        return seconds


def exactly_one(ctx: click.Context, *names: str) -> None:
    """Reject the call unless exactly one of these options is given; ``names`` are parameter names."""
    given = [name for name in names if ctx.params.get(name)]
    shown = [f"--{name.replace('_', '-')}" for name in names]
    if not given:
        raise refuse(f"give one of {', '.join(shown)}")
    if len(given) > 1:
        both = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise refuse(f"{both} exclude each other: give one of {', '.join(shown)}")


def _of(param: click.Parameter | None) -> str:
    """Return the option's name as messages start with it; empty for a positional argument."""
    return f"{param.opts[0]}=" if isinstance(param, click.Option) else ""


def environments() -> Iterable[str]:
    """Return the names of the environments in ``suites/live/environments``."""
    from registry_conformance.judge.live.reader import names

    return names()


URL = click.option(
    "--url", default="", metavar="URL", help="A tracking URI; the credential comes from MLflow's own variables."
)
ENV = click.option("--env", default="", metavar="NAME", help="An environment of suites/live/environments.")
ENV_FILE = click.option("--env-file", type=click.Path(path_type=Path), metavar="PATH", help="An environment file.")
FOLDER = click.Path(path_type=Path, file_okay=False, resolve_path=True)
REPORT_DIR = click.option(
    "--report-dir",
    type=FOLDER,
    default=report_folder,
    metavar="DIR",
    help="Folder of runs, history and ledgers (default: reports/).",
)
STACK_TO_START = click.option(
    "--stack", type=OneOf(("auto", "embedded", "docker")), help="Start a local stack of this kind."
)
STACK = click.option(
    "--stack",
    type=OneOf(("auto", "embedded", "docker")),
    default="embedded",
    show_default=True,
    help="How the local stack runs.",
)
STORE = click.option(
    "--store",
    type=OneOf(("auto", "minio", "moto", "versitygw")),
    default="auto",
    show_default=True,
    help="The stack's S3 store; auto uses minio if it is on PATH.",
)
