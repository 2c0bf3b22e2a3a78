"""``compare``: what changed between two runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from registry_conformance.cli.parameters import REPORT_DIR
from registry_conformance.cli.problems import refuse


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON, as in verdicts.json.")
@REPORT_DIR
def command(before: str, after: str, as_json: bool, report_dir: Path) -> int:
    """Report what changed between two runs: newly failed, newly passed, flaky, slower, newly inapplicable, gone, new.

    BEFORE and AFTER are each a verdicts.json, a run's folder, a run id, or "latest".

    \b
    Example:
      registry-conformance compare verify-20261120-010203-abcdef latest

    Exit codes: 0 nothing newly failed or is gone, 1 something did, 4 bad option or unreadable run.
    """
    from registry_conformance.judge.report.changes import compare
    from registry_conformance.judge.report.compare import comparison_lines, run_named
    from registry_conformance.judge.report.history import History
    from registry_conformance.judge.report.read import UnreadableError

    try:
        earlier, later = (run_named(name, report_dir) for name in (before, after))
    except UnreadableError as problem:
        raise refuse(problem) from problem
    changes = compare(earlier, later, History(report_dir).nights(later.series, 10, before=later.started))
    if as_json:
        click.echo(json.dumps(changes.document(), indent=1))
    else:
        click.echo("\n".join(comparison_lines(earlier, later, changes)))
    return int(bool(changes.newly_red or changes.gone))
