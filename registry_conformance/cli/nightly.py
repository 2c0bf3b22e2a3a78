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
    help="What to run.",
)
@REPORT_DIR
@click.option("--only", multiple=True, metavar="NAME", help="This target of the plan (may be repeated).")
@click.option("--resume", is_flag=True, help="Go on with the last night if it was interrupted.")
def command(plan: Path, report_dir: Path, only: tuple[str, ...], resume: bool) -> int:
    """Judge every target of a plan, and say what changed; write nights/latest/index.html into the report folder.

    \b
    Examples:
      registry-conformance nightly --plan nightly.toml
      registry-conformance nightly --only staging --resume

    Exit codes: 0 all that ran passed, on every target; else the gravest code of a target: 1 something failed, 3 a run
    broke, 4 it was called wrongly, 6 it could not verify, 7 it left something behind, 5 it verified nothing;
    2 interrupted; 4 bad option or plan; 6 also if another night is under way.
    """
    from registry_conformance.proof.nightly.program import nightly

    return nightly(plan, report_dir, only, partial(print, flush=True), resume=resume)
