"""``verify-attestation``: whether the attestation of a run is valid, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from registry_conformance.cli.parameters import REPORT_DIR
from registry_conformance.cli.problems import could_not, refuse

if TYPE_CHECKING:
    from registry_conformance.judge.report.record import RunRecord


@click.command()
@click.argument("run")
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The signer's public key, in PEM.",
)
@click.option(
    "--unsigned", is_flag=True, help="Accept an attestation without a signature; anybody may have written it."
)
@click.option(
    "--requires",
    "required",
    multiple=True,
    metavar="ID",
    help="A requirement that must have passed, as REG-001 (may be repeated).",
)
@REPORT_DIR
def command(run: str, key: Path | None, unsigned: bool, required: tuple[str, ...], report_dir: Path) -> int:
    """Verify that the attestation of a run is signed by the given key and matches the report next to it.

    RUN is a verdicts.json, a run's folder, a run id, or "latest"; the attestation is in the same folder.

    \b
    Examples:
      registry-conformance verify-attestation latest --key public.pem
      registry-conformance verify-attestation downloaded/verdicts.json --key public.pem --requires REG-001

    Exit codes: 0 valid, and the run passed; 1 valid, but the run or a required requirement did not pass; 4 bad option
    or unreadable run; 6 invalid.
    """
    from registry_conformance.judge.report import attestation
    from registry_conformance.judge.report.compare import found
    from registry_conformance.judge.report.evidence_store import Spool
    from registry_conformance.judge.report.read import UnreadableError, read

    if bool(key) == unsigned:
        raise refuse("give --key FILE (the signer's public key) or --unsigned")
    try:
        report = found(run, report_dir)
        record = read(report, Spool())
        _refuse_unknown(required, record)
        told = _statement(report.parent, key)
        attestation.compared(told, record, report)
    except (UnreadableError, attestation.KeyUnusableError) as problem:
        raise refuse(problem) from problem
    except attestation.UntrueError as problem:
        raise could_not(f"{report.parent}: the attestation is invalid: {problem}") from problem
    return _print_statement(told, record, required, key)


def _refuse_unknown(required: tuple[str, ...], record: RunRecord) -> None:
    """Refuse a required name that no requirement has."""
    from registry_conformance.judge.locations import REGISTER
    from registry_conformance.judge.requirement import Register
    from registry_conformance.judge.suggestion import unknown

    known = {*record.register, *Register.load(REGISTER)}
    for name in required:
        if name not in known:
            raise refuse(f"--requires={name}: {unknown(name, known, listing='docs/requirements.md')}")


def _statement(folder: Path, key: Path | None) -> dict[str, Any]:
    """Return the statement in a report's folder, out of its envelope if there is a key; raise ``UntrueError``."""
    from registry_conformance.judge.limited_reading import DOCUMENTS, read_bytes
    from registry_conformance.judge.report.attestation import ENVELOPE, STATEMENT, UntrueError, opened, parsed

    file = folder / (ENVELOPE if key else STATEMENT)
    if not file.is_file():
        told = "the run was given no --attestation-key" if key else "that suite wrote none"
        raise UntrueError(f"there is no {file.name}: {told}")
    try:
        content = read_bytes(file, DOCUMENTS)
    except OSError as problem:
        raise UntrueError(f"{file.name} cannot be read: {problem.strerror or problem}") from problem
    return opened(content, key) if key else parsed(content)


def _print_statement(told: dict[str, Any], run: RunRecord, required: tuple[str, ...], key: Path | None) -> int:
    """Print what a valid attestation says, and return the exit code."""
    from registry_conformance.judge.report.attestation import PASSED
    from registry_conformance.judge.report.conclusion import sentence
    from registry_conformance.judge.report.tally import plural, some

    result = told["predicate"]["result"]
    missing = [name for name in required if name not in told["predicate"]["passedTests"]]
    whose = f"signed by {key.name}" if key else "without a signature: anybody may have written it"
    count = plural(len(told["predicate"]["passedTests"]), "requirement")
    click.echo(f"{result}: {count} passed in the run {run.run_id}; {whose}")
    click.echo(sentence(run))
    if missing:
        click.echo(f"required, and not passed: {some(missing, 8)}")
    return int(result != PASSED or bool(missing))
