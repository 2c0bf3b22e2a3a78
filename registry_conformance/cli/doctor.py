"""``doctor``: what is wrong with a deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import ENV, ENV_FILE, URL, exactly_one
from registry_conformance.cli.problems import could_not, refuse
from registry_conformance.judge.locations import cache_folder, report_folder

if TYPE_CHECKING:
    from registry_conformance.judge.target.target import Target


@dataclass(frozen=True, slots=True)
class Examination:
    """What is examined: one of an address, an environment and faults of a stack of our own; and how it is told."""

    url: str
    env: str
    env_file: Path | None
    fault: tuple[str, ...]
    as_json: bool


@click.command()
@URL
@ENV
@ENV_FILE
@click.option("--fault", multiple=True, type=FAULT, help="A stack of our own with this fault (may be repeated).")
@click.option("--json", "as_json", is_flag=True, help="Print the diagnosis as JSON, every fact included.")
@click.pass_context
def command(
    ctx: click.Context, url: str, env: str, env_file: Path | None, fault: tuple[str, ...], as_json: bool
) -> int:
    """Say what is wrong with a deployment, layer by layer, in seconds and without the suite.

    With --url the API key is taken from MLFLOW_TRACKING_TOKEN.

    \b
    Examples:
      MLFLOW_TRACKING_TOKEN=KEY registry-conformance doctor --url https://registry.example/api/mlflow
      registry-conformance doctor --env staging
      registry-conformance doctor --fault artifact-route-missing

    Exit codes: 0 healthy, 1 not, 2 interrupted, 4 bad option, 6 unreachable.
    """
    exactly_one(ctx, "url", "env", "env_file", "fault")
    return examine(Examination(url, env, env_file, fault, as_json))


def examine(asked: Examination) -> int:
    """Examine what was asked for and tell; return the exit code."""
    from registry_conformance.judge.diagnosis import diagnose, doctor
    from registry_conformance.judge.machine import isolate, new_run_id, tracking_token
    from registry_conformance.judge.report.redact import SHORTEST, Redactor

    token = tracking_token()
    if asked.url and len(token) < SHORTEST:
        raise refuse("no key, or none that can be kept out of what is told: put it into MLFLOW_TRACKING_TOKEN")
    run = new_run_id()
    with _patient(asked, run, token) as target:
        isolate()
        found = diagnose(target, run)
        redactor = Redactor(target.secrets)
        if asked.as_json:
            click.echo(json.dumps(redactor.value(doctor.document(target, found)), ensure_ascii=False, indent=1))
        else:
            click.echo("\n".join(redactor.text(line) for line in doctor.lines(target, found)))
        return doctor.health(found)


@contextmanager
def _patient(asked: Examination, run: str, token: str) -> Iterator[Target]:
    """Yield the target that was asked for; a stack of our own ends with the block."""
    if asked.url:
        yield _at_address(asked.url, token)
    elif asked.fault:
        with _broken_stack(asked.fault, run) as target:
            yield target
    else:
        with _environment(asked, run) as target:
            yield target


def _at_address(url: str, token: str) -> Target:
    from registry_conformance.judge.diagnosis import doctor

    try:
        return doctor.target_at(url, token)
    except doctor.AddressError as problem:
        raise refuse(problem) from problem


@contextmanager
def _broken_stack(faults: tuple[str, ...], run: str) -> Iterator[Target]:
    from registry_conformance.lab.deployment import REFERENCE
    from registry_conformance.lab.faults.catalogue import broken
    from registry_conformance.lab.programs import minio_path
    from registry_conformance.lab.stack.handle import OwnedStack, StackError
    from registry_conformance.lab.stack.request import StackRequest

    store = "minio" if minio_path() else "moto"
    try:
        stack = OwnedStack(StackRequest(run, broken(REFERENCE, faults), store, cache=cache_folder(), faults=faults))
        try:
            yield stack.target()
        finally:
            stack.close()
    except StackError as problem:
        raise could_not(problem) from problem


@contextmanager
def _environment(asked: Examination, run: str) -> Iterator[Target]:
    from registry_conformance.judge.live.cleanup import clean
    from registry_conformance.judge.live.reader import ProfileError, file_of, read
    from registry_conformance.judge.live.target import guard_of, target_of

    name = asked.env or (asked.env_file.stem if asked.env_file else "")
    try:
        profile = read(asked.env_file.resolve() if asked.env_file else file_of(asked.env))
        guard = guard_of(profile, run, report_folder() / "ledgers" / name)
        target = target_of(name, profile, guard)
    except ProfileError as problem:
        raise refuse(problem) from problem
    guard.open()
    try:
        yield target
    finally:
        left = () if guard.read_only else clean(target, guard, profile.cleanup.purge if profile.cleanup else ()).left
        for one in left:
            click.echo(f"doctor: left behind: {one}", err=True)
