"""The plan of nightly runs, from ``nightly.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.live.toml_lines import TomlError, document_of
from registry_conformance.judge.machine import python

KINDS = ("stack", "environment", "proof")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_WEEK = 7 * 24 * 60
_FIELDS = {"name", *KINDS, "options", "minutes"}


class NightlyPlanError(ValueError):
    """The plan cannot be used; the message names the file, the place and what is allowed."""


@dataclass(frozen=True, slots=True)
class Job:
    """One target of a night: a ``stack`` of ours, a named ``environment``, or the ``proof`` of the suite.

    ``subject`` is the stack's or the environment's name; ``minutes`` bound it.
    """

    name: str
    kind: str
    subject: str
    options: tuple[str, ...]
    minutes: float

    def command(self, reports: Path, run_id: str) -> list[str]:
        """Return its command line, with reports in ``reports`` and, except for a proof, this run id."""
        if self.kind == "proof":
            return [python(), "-m", "registry_conformance", "prove", f"--report-dir={reports}", *self.options]
        given = (
            ["suites/local", f"--stack={self.subject}"]
            if self.kind == "stack"
            else ["suites/live", f"--env={self.subject}"]
        )
        return [python(), "-m", "pytest", *given, f"--report-dir={reports}", f"--run-id={run_id}", *self.options]


@dataclass(frozen=True, slots=True)
class NightlyPlan:
    """The jobs of a night in their order; ``keep`` nights stay; ``webhook`` is the variable that holds its address."""

    jobs: tuple[Job, ...]
    keep: int = 30
    webhook: str = ""

    @classmethod
    def read(cls, file: Path) -> NightlyPlan:
        """Read a plan; raise ``NightlyPlanError``."""
        try:
            document = document_of(read_text(file))
        except OSError as problem:
            raise NightlyPlanError(f"{file.name}: cannot be read: {problem.strerror}") from problem
        except (TomlError, UnicodeDecodeError) as problem:
            raise NightlyPlanError(f"{file.name}: not valid TOML: {problem}") from problem
        if strange := sorted(set(document) - {"keep", "webhook", "target"}):
            raise NightlyPlanError(f"{file.name}: {strange[0]!r} is unknown; use keep, webhook and [[target]]")
        targets = document.get("target", [])
        if not isinstance(targets, list) or not all(isinstance(entry, dict) for entry in targets):
            raise NightlyPlanError(f"{file.name}: target is no list of tables; write [[target]] above each")
        jobs = tuple(_job(entry, f"{file.name}, target {n}") for n, entry in enumerate(targets, 1))
        if not jobs:
            raise NightlyPlanError(f"{file.name}: lists no [[target]]")
        names = [job.name for job in jobs]
        if twice := [name for name in names if names.count(name) > 1]:
            raise NightlyPlanError(f"{file.name}: two targets are called {twice[0]!r}")
        keep, webhook = document.get("keep", 30), document.get("webhook", "")
        if not isinstance(keep, int) or isinstance(keep, bool) or keep < 1:
            raise NightlyPlanError(f"{file.name}: keep is a number of nights, at least 1")
        if webhook != "" and not (isinstance(webhook, str) and _VARIABLE.fullmatch(webhook)):
            raise NightlyPlanError(
                f"{file.name}: webhook names an environment variable; the address itself is a secret"
            )
        return cls(jobs, keep, webhook)

    def chosen(self, names: Sequence[str]) -> tuple[Job, ...]:
        """Return the jobs of these names, by default all; raise ``NightlyPlanError`` for an unknown one."""
        known = [job.name for job in self.jobs]
        if unknown := [name for name in names if name not in known]:
            raise NightlyPlanError(f"--only={unknown[0]}: no such target; known: {', '.join(known)}")
        return tuple(job for job in self.jobs if job.name in names or not names)


def _job(entry: Mapping[str, Any], place: str) -> Job:
    name = entry.get("name", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NightlyPlanError(f"{place}: a name is small letters, digits and dashes")
    place = f"{place} ({name})"
    if strange := sorted(set(entry) - _FIELDS):
        raise NightlyPlanError(f"{place}: {strange[0]!r} is unknown; use {', '.join(sorted(_FIELDS))}")
    kinds = [kind for kind in KINDS if entry.get(kind)]
    if len(kinds) != 1:
        raise NightlyPlanError(f"{place}: needs exactly one of {', '.join(KINDS)}")
    subject = entry[kinds[0]]
    if kinds[0] == "proof" and subject is not True:
        raise NightlyPlanError(f"{place}: proof is true, or left out")
    if kinds[0] != "proof" and not isinstance(subject, str):
        raise NightlyPlanError(f"{place}: {kinds[0]} is a text, the name of it")
    options, minutes = entry.get("options", []), entry.get("minutes", 60)
    if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
        raise NightlyPlanError(f"{place}: options is a list of texts")
    if not isinstance(minutes, int | float) or isinstance(minutes, bool) or not 0 < minutes <= _WEEK:
        raise NightlyPlanError(f"{place}: minutes is a positive number, at most {_WEEK:,}")
    return Job(name, kinds[0], str(subject), tuple(options), float(minutes))
