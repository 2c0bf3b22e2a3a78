"""``doctor``: what is wrong with a deployment."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import ENV, ENV_FILE, REPORT_DIR, URL, Seconds, exactly_one
from registry_conformance.cli.patience import patience
from registry_conformance.cli.problems import could_not, refuse
from registry_conformance.judge.diagnosis.budget import ALLOWED
from registry_conformance.judge.locations import cache_folder

if TYPE_CHECKING:
    from registry_conformance.judge.diagnosis import Diagnosis
    from registry_conformance.judge.live.guarded_session import GuardedSession
    from registry_conformance.judge.report.redact import Redactor
    from registry_conformance.judge.target.credential import Credential, Password
    from registry_conformance.judge.target.target import Door, Target

_LAST_OF_HEADERS = 0xFF
"""The last character that the MLflow client can put into a header, which it sends in Latin-1."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What to examine (a URL, an environment, or a local stack with faults) and how to report it."""

    url: str
    env: str
    env_file: Path | None
    fault: tuple[str, ...]
    as_json: bool
    budget: float
    bundle: Path | None
    read_only: bool
    report_dir: Path


@click.command()
@URL
@ENV
@ENV_FILE
@click.option("--fault", multiple=True, type=FAULT, help="Diagnose a local stack with this fault (may be repeated).")
@click.option("--json", "as_json", is_flag=True, help="Print the diagnosis as JSON, every fact included.")
@click.option(
    "--budget",
    type=Seconds(),
    default=ALLOWED,
    show_default=True,
    metavar="SECONDS",
    help="Time limit for the probes; below it the target's own latency decides.",
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write verdict, facts and exchanges to FILE, without secrets, for the operator.",
)
@click.option("--read-only", is_flag=True, help="Send only requests that change nothing; no registration is tried.")
@REPORT_DIR
@click.pass_context
def command(
    ctx: click.Context,
    url: str,
    env: str,
    env_file: Path | None,
    fault: tuple[str, ...],
    as_json: bool,
    budget: float,
    bundle: Path | None,
    read_only: bool,
    report_dir: Path,
) -> int:
    """Diagnose a deployment in about half a minute: which layer fails, the likely cause, and how to fix it.

    With --url the credential comes from MLFLOW_TRACKING_TOKEN, or from MLFLOW_TRACKING_USERNAME and
    MLFLOW_TRACKING_PASSWORD or the file ~/.mlflow/credentials; give none if the registry needs none.
    MLFLOW_TRACKING_CLIENT_CERT_PATH and MLFLOW_TRACKING_AWS_SIGV4 count as they do for the MLflow client.
    MLFLOW_WORKSPACE names the workspace.

    On a third-party deployment the doctor creates test data, says so first, and removes it afterwards; --read-only
    sends only requests that change nothing.

    \b
    Examples:
      MLFLOW_TRACKING_TOKEN=KEY registry-conformance doctor --url https://registry.example/api/mlflow
      registry-conformance doctor --url https://registry.example --bundle for-the-operator.json
      registry-conformance doctor --env staging
      registry-conformance doctor --fault artifact-route-missing

    Exit codes: 0 healthy, 1 not healthy, 2 interrupted, 4 bad option or address, 6 unknown: no answer, or not
    everything was tested, 7 healthy, but test data was left behind.
    """
    exactly_one(ctx, "url", "env", "env_file", "fault")
    return examine(Examination(url, env, env_file, fault, as_json, budget, bundle, read_only, report_dir))


def examine(asked: Examination) -> int:
    """Diagnose the target and print the result; return the exit code."""
    from registry_conformance.judge.diagnosis import diagnose, doctor
    from registry_conformance.judge.diagnosis.budget import Budget
    from registry_conformance.judge.diagnosis.outcome import LEFT_BEHIND, health
    from registry_conformance.judge.machine import isolate, new_run_id
    from registry_conformance.judge.report.redact import Redactor
    from registry_conformance.judge.visible import visible

    if asked.bundle is not None:
        _check_bundle(asked.bundle)
    run, left = new_run_id(), list[str]()
    with _target(asked, run, left) as target:
        isolate()
        with patience("doctor", "asking"):
            found = diagnose(target, run, budget=Budget(asked.budget))
        redactor = Redactor(target.secrets)
        if asked.as_json:
            click.echo(json.dumps(redactor.value(doctor.document(target, found)), ensure_ascii=False, indent=1))
        else:
            click.echo("\n".join(visible(redactor.text(line)) for line in doctor.lines(target, found)))
        if asked.bundle is not None:
            _write_bundle(asked.bundle, target, found, redactor)
        code = health(found).exit_code
    return LEFT_BEHIND if left and not code else code


def _check_bundle(file: Path) -> None:
    """Reject a file that cannot be written before the target is examined."""
    from registry_conformance.judge.diagnosis.bundle import BundleError, check_bundle

    try:
        check_bundle(file)
    except BundleError as problem:
        raise refuse(problem) from problem


def _write_bundle(file: Path, target: Target, found: Diagnosis, redactor: Redactor) -> None:
    from registry_conformance.judge.diagnosis.bundle import BundleError, write_bundle

    try:
        write_bundle(file, target, found, redactor)
    except BundleError as problem:
        raise refuse(problem) from problem


@contextmanager
def _target(asked: Examination, run: str, left: list[str]) -> Iterator[Target]:
    """Yield the target to examine; stop a local stack, or clean up a third-party target, at the end of the block.

    Objects that may still exist there are added to ``left``.
    """
    if asked.fault:
        with _broken_stack(asked.fault, run) as target:
            yield target
        return
    ledgers = asked.report_dir / "ledgers" / _name(asked)
    with _place(asked, run, ledgers) as place:
        session = _at_address(asked, run, place) if asked.url else _environment(asked, run, place)
        with _guarded(session, ledgers, left) as target:
            yield target


@contextmanager
def _place(asked: Examination, run: str, ledgers: Path) -> Iterator[Path]:
    """Yield where the ledger is kept: a temporary folder if nothing is changed that it would have to remember."""
    from registry_conformance.judge.temporary import temporary_folder

    if not asked.read_only:
        yield ledgers
        return
    with temporary_folder(f"{run}-ledger-") as place:
        yield place


def _name(asked: Examination) -> str:
    """Return the name of a third-party target; end with an error for a URL that is none."""
    from registry_conformance.judge.diagnosis.preflight import AddressError, read_address
    from registry_conformance.judge.live.address import name_of

    if not asked.url:
        return asked.env or (asked.env_file.stem if asked.env_file else "")
    try:
        read_address(asked.url)
    except AddressError as problem:
        raise refuse(f"--url={problem}") from problem
    return name_of(asked.url)


@contextmanager
def _guarded(session: GuardedSession, ledgers: Path, left: list[str]) -> Iterator[Target]:
    """Announce what will be written, yield a third-party target, and clean up afterwards."""
    from registry_conformance.judge.live.janitor import left_by_earlier_runs
    from registry_conformance.judge.report.redact import Redactor
    from registry_conformance.judge.target.ledger import LedgerError

    try:
        for earlier in left_by_earlier_runs(session.target, ledgers):
            click.echo(f"doctor: {earlier}", err=True)
        session.open()
    except LedgerError as problem:
        raise refuse(f"{problem}; name a folder that can be written: --report-dir DIR, or add --read-only") from problem
    redactor = Redactor(session.target.secrets)
    for line in session.announcement():
        click.echo(f"doctor: {line}", err=True)
    try:
        yield session.target
    finally:
        with patience("doctor", "removing what it made"):
            closed = session.close()
        left += closed.left
        for line in (*closed.lines, *(f"left behind: {one}" for one in closed.left)):
            click.echo(redactor.text(f"doctor: {line}"), err=True)


def _at_address(asked: Examination, run: str, ledgers: Path) -> GuardedSession:
    """Return the target at a URL, with the credential and network settings of the user's MLflow client."""
    from registry_conformance.judge.diagnosis import doctor
    from registry_conformance.judge.diagnosis.preflight import read_address
    from registry_conformance.judge.diagnosis.preflight.store_credentials import store_credentials
    from registry_conformance.judge.live.environment.error import EnvironmentFileError
    from registry_conformance.judge.live.guarded_session import GuardedSession, guard_of_address
    from registry_conformance.judge.live.network import client_network
    from registry_conformance.judge.live.usual_numbers import check_numbers, client_limits
    from registry_conformance.judge.live.usual_registry import named_objects, usual_registry
    from registry_conformance.judge.live.usual_room import client_room
    from registry_conformance.judge.live.usual_workspace import usual_workspace
    from registry_conformance.judge.target.target import Door

    try:
        check_numbers()
        network = client_network()
        address = read_address(asked.url).url
        workspace, own_store = usual_workspace(), store_credentials()
        door = Door(
            "given",
            address,
            network=network,
            workspace=workspace,
            own_store=own_store,
            registry=usual_registry(),
            named=named_objects(),
            limits=(*client_limits(), *client_room()),
        )
        target = doctor.target_at(door, _effective_credential(door, _credential(), run))
    except EnvironmentFileError as problem:
        raise refuse(problem) from problem
    guard = guard_of_address(target, run, ledgers, read_only=asked.read_only)
    doors = tuple(replace(door, guard=guard) for door in target.doors)
    return GuardedSession(replace(target, doors=doors), guard)


def _effective_credential(door: Door, given: Credential | None, run: str) -> Credential | None:
    """Return the credential that the user's MLflow client sends to a door; a netrc entry for its host takes precedence.

    The entry is reported. If it replaces a credential that works, the command ends with an error.
    """
    from registry_conformance.judge.diagnosis.preflight import examine
    from registry_conformance.judge.live.netrc_entry import netrc_password
    from registry_conformance.judge.report.redact import SHORTEST

    entry = netrc_password(door.url)
    if entry is None:
        _compare_with_the_token(door, given, run)
        return given
    host = urlsplit(door.url).hostname
    told = f"the netrc file (~/.netrc) has an entry for {host}: the MLflow client sends its user and password"
    if len(entry.password) < SHORTEST:
        raise refuse(f"{told}, and this password is too short to be redacted: use {SHORTEST} characters or more")
    if given is None:
        click.echo(f"doctor: {told}", err=True)
        return entry
    if examine(door, entry, run).finding is not None and examine(door, given, run).finding is None:
        raise refuse(
            f"{told} instead of MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_PASSWORD, and they are rejected there, "
            "although the credential in these variables is accepted: remove the entry, or set NETRC to an empty file"
        )
    click.echo(f"doctor: {told} instead of any other credential", err=True)
    return entry


def _compare_with_the_token(door: Door, given: Credential | None, run: str) -> None:
    """Report that user and password take precedence over a token; end with an error if the token alone is accepted."""
    from registry_conformance.judge.diagnosis.preflight import examine
    from registry_conformance.judge.live.credentials_file import usual_login
    from registry_conformance.judge.machine import tracking_token
    from registry_conformance.judge.target.credential import Password

    token = tracking_token()
    if not (isinstance(given, Password) and token.isascii() and token.isprintable() and token.strip()):
        return
    login = usual_login()
    told = f"{login.where}: the MLflow client sends user and password instead of MLFLOW_TRACKING_TOKEN"
    if examine(door, given, run).finding is not None and examine(door, token, run).finding is None:
        raise refuse(f"{told}, and they are rejected there, although the token is accepted: {login.remedy}")
    click.echo(f"doctor: {told}", err=True)


def _credential() -> Credential | None:
    """Return the credential in MLflow's environment variables: AWS keys that sign, or what is sent in a header.

    A client certificate may be beside it, or alone.
    """
    from registry_conformance.judge.live.usual_key import SIGV4, signs, usual_certificate, usual_signature
    from registry_conformance.judge.shown_name import no_file
    from registry_conformance.judge.target.credential import ClientCertificate

    if (signature := usual_signature()) is not None:
        return signature
    if signs():
        raise refuse(
            f"{SIGV4} is set: the MLflow client signs each request with AWS keys (its package requests-auth-aws-sigv4 "
            "does), and sends no token; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: set them (aws "
            f"configure export-credentials --format env), or unset {SIGV4}"
        )
    sent, certificate = _header_credential(), usual_certificate()
    if certificate is None:
        return sent
    if not certificate.is_file():
        raise refuse(f"MLFLOW_TRACKING_CLIENT_CERT_PATH: {no_file(str(certificate), certificate, 'the certificate')}")
    try:
        ssl.create_default_context().load_cert_chain(certificate, password="")
    except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError
        words = "holds no certificate with its key in PEM, or the key needs a passphrase"
        raise refuse(f"MLFLOW_TRACKING_CLIENT_CERT_PATH: {certificate} {words}") from problem
    return ClientCertificate(certificate, beside=sent)


def _header_credential() -> str | Password | None:
    """Return what MLflow's variables and its file say to send in a header: user and password, or else a token."""
    from registry_conformance.judge.live.credentials_file import unsent_credential, usual_login
    from registry_conformance.judge.live.unsendable import unsendable
    from registry_conformance.judge.machine import tracking_token
    from registry_conformance.judge.report.redact import SHORTEST
    from registry_conformance.judge.target.credential import Password

    login = usual_login()
    token = "" if login.user else tracking_token()
    if unsent := unsent_credential():
        click.echo(f"doctor: {unsent}", err=True)
    parts = (("TOKEN", token), ("USERNAME", login.user), ("PASSWORD", login.password))
    for name, secret in parts:
        if odd := unsendable(secret if name == "TOKEN" else secret.strip()):
            raise refuse(f"MLFLOW_TRACKING_{name}: the MLflow client cannot send it: it contains {odd}")
    if odd := next((letter for letter in token if ord(letter) > _LAST_OF_HEADERS), ""):
        raise refuse(
            f"MLFLOW_TRACKING_TOKEN: it contains the character {odd!r} (U+{ord(odd):04X}), which no HTTP header can "
            "carry; a document or a chat may have changed it: copy the key anew from where it was issued"
        )
    for name, secret in (("PASSWORD", login.password), ("TOKEN", token)):
        if 0 < len(secret) < SHORTEST:
            raise refuse(f"MLFLOW_TRACKING_{name}: too short to be redacted: use {SHORTEST} characters or more")
    return Password(login.user, login.password) if login.user else token or None


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


def _environment(asked: Examination, run: str, ledgers: Path) -> GuardedSession:
    from registry_conformance.judge.live.environment.error import EnvironmentFileError
    from registry_conformance.judge.live.guarded_session import GuardedSession
    from registry_conformance.judge.live.reader import file_of, read
    from registry_conformance.judge.live.target import guard_of, target_of

    name = _name(asked)
    try:
        environment = read(asked.env_file.resolve() if asked.env_file else file_of(asked.env))
        guard = guard_of(environment, run, ledgers)
        guard = replace(guard, read_only=guard.read_only or asked.read_only)
        target = target_of(name, environment, guard)
    except EnvironmentFileError as problem:
        raise refuse(problem) from problem
    return GuardedSession(target, guard, environment.cleanup.purge if environment.cleanup else ())
