"""``matrix``: which client registers on which server, cell by cell."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from registry_conformance.cli.parameters import FOLDER, REPORT_DIR, Whole
from registry_conformance.cli.problems import could_not, refuse
from registry_conformance.judge.locations import CHECKOUT


@click.command()
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    default=lambda: (CHECKOUT or Path()) / "matrix.toml",
    show_default="matrix.toml",
    metavar="FILE",
    help="The cells to test.",
)
@REPORT_DIR
@click.option("--only", multiple=True, metavar="GROUP", help="This group of the plan (may be repeated).")
@click.option(
    "--resume", is_flag=True, help="Continue the last run with the cells that are missing or could not be tested."
)
@click.option(
    "--parallel",
    type=Whole(1),
    default=1,
    show_default=True,
    metavar="N",
    help="The number of deployments to run in parallel.",
)
@click.option("--shard", default="1/1", metavar="I/N", help="This machine's share out of N; combine them with --merge.")
@click.option("--merge", multiple=True, type=FOLDER, metavar="DIR", help="Only combine the results of shards.")
@click.option("--newest", is_flag=True, help="Test the MLflow releases on PyPI that docs/compatibility.json lacks.")
@click.option("--write-docs", is_flag=True, help="Also write docs/compatibility.json and .md (needs a checkout).")
def command(
    plan: Path,
    report_dir: Path,
    only: tuple[str, ...],
    resume: bool,
    parallel: int,
    shard: str,
    merge: tuple[Path, ...],
    newest: bool,
    write_docs: bool,
) -> int:
    """Register a model with each client of a plan on each deployment of the plan; write matrix/latest/index.html.

    Groups of the plan with kind = "suite" run all checks instead, on servers with the client of their own version.

    \b
    Examples:
      registry-conformance matrix --only sample
      registry-conformance matrix --parallel 2 --write-docs
      registry-conformance matrix --shard 2/5 --report-dir shard-2
      registry-conformance matrix --merge shard-1/matrix/latest --merge shard-2/matrix/latest
      registry-conformance matrix --newest

    Exit codes: 0 every cell registers, or fails for a known upstream reason, and every whole suite is green; 1 a cell
    fails for another reason; 2 interrupted; 4 bad option or plan; 6 a cell could not be tested.
    """
    from registry_conformance.proof.matrix.newest import ReleasesError, newest_cells
    from registry_conformance.proof.matrix.program import MatrixOptions, matrix, run_cells
    from registry_conformance.proof.matrix.program import merge as put_together

    if write_docs and CHECKOUT is None:
        raise refuse("--write-docs: there is no checkout here whose docs could be written")
    document = CHECKOUT / "docs" / "compatibility.json" if write_docs and CHECKOUT else None
    say = partial(print, flush=True)
    if merge:
        return put_together(merge, report_dir, document, say)
    options = MatrixOptions(only, shard, parallel, resume, document)
    if not newest:
        return matrix(plan, report_dir, options, say)
    try:
        cells = newest_cells((CHECKOUT or Path()) / "docs" / "compatibility.json", say)
    except ReleasesError as problem:
        raise could_not(problem) from problem
    return run_cells(cells, report_dir, options, say) if cells else 0
