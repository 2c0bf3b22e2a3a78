"""Kinds of option values that several sub-commands have."""

from __future__ import annotations

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
    """A name out of those that ``names`` returns, which is asked only when a value is given; never listed in help.

    ``listing`` is the command that shows all names, ``name`` what the value is called in help.
    """

    def __init__(self, names: Callable[[], Iterable[str]], listing: str, name: str = "NAME") -> None:
        self._names = names
        self._listing = listing
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, _: click.Context | None) -> str:
        """Return the name, or refuse it with the nearest that there is."""
        known = list(self._names())
        if value not in known:
            raise refuse(f"{_of(param)}{value}: {unknown(str(value), known, listing=self._listing)}")
        return str(value)


class OneOf(click.Choice[str]):
    """One of a few words; another is refused with the nearest, in the form of all other messages."""

    def convert(self, value: Any, param: click.Parameter | None, _: click.Context | None) -> str:
        """Return the word, or refuse it."""
        if value not in self.choices:
            raise refuse(f"{_of(param)}{value}: {unknown(str(value), self.choices)}")
        return str(value)


class Age(click.ParamType[timedelta]):
    """An age as ``30m``, ``24h`` or ``7d`` say it."""

    name = "AGE"

    def convert(self, value: Any, param: click.Parameter | None, _: click.Context | None) -> timedelta:
        """Return the age, or refuse what is none."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,4})([mhd])", value)
        if not found:
            raise refuse(f"{_of(param)}{value}: say an age as 30m, 24h or 7d")
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


def exactly_one(ctx: click.Context, *names: str) -> None:
    """Refuse options of which not exactly one is given; ``names`` are their parameters' names."""
    given = [name for name in names if ctx.params.get(name)]
    shown = [f"--{name.replace('_', '-')}" for name in names]
    if not given:
        raise refuse(f"give one of {', '.join(shown)}")
    if len(given) > 1:
        both = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise refuse(f"{both} exclude each other: give one of {', '.join(shown)}")


def _of(param: click.Parameter | None) -> str:
    """Return how a message names the option that it is about, empty for a plain argument."""
    return f"{param.opts[0]}=" if isinstance(param, click.Option) else ""


def environments() -> Iterable[str]:
    """Return the names of the environments in ``suites/live/environments``."""
    from registry_conformance.judge.live.reader import names

    return names()


URL = click.option(
    "--url", default="", metavar="URL", help="A tracking URI; the credential is taken from where MLflow takes it."
)
ENV = click.option("--env", default="", metavar="NAME", help="An environment of suites/live/environments.")
ENV_FILE = click.option(
    "--env-file", type=click.Path(path_type=Path), metavar="PATH", help="The file of an environment."
)
FOLDER = click.Path(path_type=Path, file_okay=False, resolve_path=True)
REPORT_DIR = click.option(
    "--report-dir",
    type=FOLDER,
    default=report_folder,
    metavar="DIR",
    help="Where runs, history and ledgers lie (default: reports/).",
)
STACK_TO_START = click.option(
    "--stack", type=OneOf(("auto", "embedded", "docker")), help="A stack of our own, which is started for this."
)
STACK = click.option(
    "--stack",
    type=OneOf(("auto", "embedded", "docker")),
    default="embedded",
    show_default=True,
    help="How a stack of our own runs.",
)
STORE = click.option(
    "--store",
    type=OneOf(("auto", "minio", "moto")),
    default="auto",
    show_default=True,
    help="Its S3 store; auto takes minio if it is on PATH.",
)
