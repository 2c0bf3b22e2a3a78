"""``render``: every report again, from the record of a run."""

from __future__ import annotations

from pathlib import Path

import click

from registry_conformance.cli.parameters import REPORT_DIR
from registry_conformance.cli.problems import refuse


@click.command()
@click.argument("run")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@REPORT_DIR
def command(run: str, folder: Path, report_dir: Path) -> int:
    """Write all reports of a run to FOLDER; the run may come from another machine.

    RUN is a verdicts.json, a run's folder, a run id, "latest", or a file written by doctor --bundle.

    \b
    Example:
      registry-conformance render downloaded/verdicts.json pages

    Exit codes: 0 written, 4 bad option, unreadable file or unwritable folder.
    """
    from registry_conformance.judge.report.bundle_page import BundleUnreadableError, is_bundle, render_bundle
    from registry_conformance.judge.report.compare import found
    from registry_conformance.judge.report.evidence_store import Spool
    from registry_conformance.judge.report.history import History
    from registry_conformance.judge.report.read import UnreadableError, read
    from registry_conformance.judge.report.redact import Redactor
    from registry_conformance.judge.report.write import ReportFolderError, write

    if is_bundle(Path(run)):
        try:
            click.echo(f"a doctor's bundle: {render_bundle(Path(run), folder)}")
        except BundleUnreadableError as problem:
            raise refuse(problem) from problem
        except OSError as problem:
            raise refuse(f"{folder}: the page cannot be written: {problem.strerror or problem}") from problem
        return 0
    try:
        record = read(found(run, report_dir), Spool())
        history = History(report_dir)
        known = history if history.find(record.run_id) else None  # a run of another machine has its past there
        paths = write(record, folder, Redactor(()), history=known, keep=False)
    except (UnreadableError, ReportFolderError) as problem:
        raise refuse(problem) from problem
    click.echo(f"{len(record.records)} checks: {paths['page']}")
    return 0
