"""``nightly``: every target of a plan, one after the other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from registry_conformance.cli.parameters import REPORT_DIR
from registry_conformance.judge.locations import CHECKOUT


@click.command()
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    default=lambda: (CHECKOUT or Path()) / "nightly.toml",
    show_default="nightly.toml",
    metavar="FILE",
    help="The targets to judge.",
)
@REPORT_DIR
@click.option("--only", multiple=True, metavar="NAME", help="This target of the plan (may be repeated).")
@click.option("--resume", is_flag=True, help="Continue the last nightly run if it was interrupted.")
def command(plan: Path, report_dir: Path, only: tuple[str, ...], resume: bool) -> int:
    """Judge every target of a plan and report what changed; write nights/latest/index.html in the report folder.

    \b
    Examples:
      registry-conformance nightly --plan nightly.toml
      registry-conformance nightly --only staging --resume

    Exit codes: 0 all checks that ran passed on every target; otherwise the most severe code of a target: 1 a check
    failed, 3 internal error, 4 bad option or environment, 6 could not verify, 7 test data was left behind, 5 nothing
    was verified; 2 interrupted; 4 bad option or plan; 6 also if another nightly run is active.
    """
    from registry_conformance.proof.nightly.program import nightly

    return nightly(plan, report_dir, only, partial(print, flush=True), resume=resume)
