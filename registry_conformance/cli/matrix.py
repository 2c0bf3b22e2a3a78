"""``matrix``: which client registers on which server, cell by cell."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from registry_conformance.cli.parameters import FOLDER, REPORT_DIR
from registry_conformance.cli.problems import could_not, refuse
from registry_conformance.judge.locations import CHECKOUT


@click.command()
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    default=lambda: (CHECKOUT or Path()) / "matrix.toml",
    show_default="matrix.toml",
    metavar="FILE",
    help="Which cells.",
)
@REPORT_DIR
@click.option("--only", multiple=True, metavar="GROUP", help="This group of the plan (may be repeated).")
@click.option("--resume", is_flag=True, help="Go on with the last run: what is missing or could not be tried.")
@click.option(
    "--parallel", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Deployments at once."
)
@click.option("--shard", default="1/1", metavar="I/N", help="The share of one machine out of N; merge them afterwards.")
@click.option("--merge", multiple=True, type=FOLDER, metavar="DIR", help="Put the results of shards together instead.")
@click.option("--newest", is_flag=True, help="Measure the releases on the index that docs/compatibility.json lacks.")
@click.option("--write-docs", is_flag=True, help="Write docs/compatibility.json and .md too (needs a checkout).")
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
    """Have each client of a plan register a model on each of its deployments; write matrix/latest/index.html.

    \b
    Examples:
      registry-conformance matrix --only sample
      registry-conformance matrix --parallel 2 --write-docs
      registry-conformance matrix --shard 2/5 --report-dir shard-2
      registry-conformance matrix --merge shard-1/matrix/latest --merge shard-2/matrix/latest
      registry-conformance matrix --newest

    Exit codes: 0 each cell registers, or does not for a reason that is known upstream; 1 another cell does not; 2
    interrupted; 4 bad option or plan; 6 a cell could not be tried.
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
