"""``live``: files that describe live environments."""

from __future__ import annotations

from pathlib import Path

import click

from registry_conformance.cli.patience import patience
from registry_conformance.cli.problems import could_not, refuse


@click.group()
def command() -> None:
    """Create environment files for live targets.

    \b
    Example:
      registry-conformance live init --url https://registry.example/api/mlflow
    """


@command.command()
@click.option("--url", required=True, metavar="URL", help="The tracking URI that your clients use.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    metavar="PATH",
    help="Where the file is written (default: NAME.toml in the current folder).",
)
def init(url: str, to: Path | None) -> int:
    """Inspect a deployment with read-only requests, and write an environment file for it.

    The credential comes from MLFLOW_TRACKING_TOKEN, or from MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD or
    the file ~/.mlflow/credentials. The file that is written names where they are, and holds no secret.

    \b
    Examples:
      registry-conformance live init --url https://registry.example/api/mlflow --to staging.toml

    Exit codes: 0 written, 4 bad option or address, or the file exists, 6 no MLflow answers there, or it rejects the
    credential.
    """
    from registry_conformance.judge.diagnosis.preflight.finding import is_about_the_credential
    from registry_conformance.judge.live.address import as_toml, described, described_finding, name_of
    from registry_conformance.judge.live.environment.error import EnvironmentFileError
    from registry_conformance.judge.live.usual_key import HOW
    from registry_conformance.judge.owned_file import check_creatable, whole

    file = to or Path(f"{name_of(url)}.toml")
    if file.exists():
        raise refuse(f"{file} exists already: name another file with --to")
    try:
        check_creatable(file)
    except OSError as problem:
        raise refuse(f"{file} cannot be written: {problem.strerror}") from None
    try:
        with patience("live init", "asking"):
            document, found = described(url)
    except EnvironmentFileError as problem:
        raise refuse(str(problem)) from None
    if found.finding is not None:
        hint = f"; {HOW}" if is_about_the_credential(found.finding.kind) and "keys" not in document else ""
        raise could_not(
            f"no MLflow server that accepts the credential answers: {described_finding(found.finding)}{hint}"
        )
    head = (
        f"# Written by `registry-conformance live init`; MLflow says it is {found.version or 'of unknown version'}.\n"
    )
    try:
        with whole(file):
            file.write_text(head + as_toml(document), encoding="utf-8")
    except OSError as problem:
        raise refuse(f"{file} cannot be written: {problem.strerror}") from None
    access = "open to everybody" if found.open else "asks for a credential"
    click.echo(f"{file}: MLflow {found.version or 'of unknown version'}, {access}")
    click.echo(f"Next: registry-conformance verify --env-file {file}")
    return 0
