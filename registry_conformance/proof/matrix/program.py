"""The command ``matrix``: from a plan to its page and exit code."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from registry_conformance.judge.report.tally import plural
from registry_conformance.judge.report.write import ReportFolderError, check_writable, explained
from registry_conformance.proof.matrix import page, results
from registry_conformance.proof.matrix.cell import UNKNOWN, Cell, Outcome
from registry_conformance.proof.matrix.plan import MatrixPlan, MatrixPlanError, shard
from registry_conformance.proof.matrix.results import MatrixResults, MatrixResultsError
from registry_conformance.proof.matrix.runner import carry_out

USAGE, COULD_NOT, INTERRUPTED = 4, 6, 2
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class MatrixOptions:
    """Options of a matrix run: groups, share of several machines, deployments in parallel."""

    only: tuple[str, ...] = ()
    share: str = "1/1"
    parallel: int = 1
    resume: bool = False
    document: Path | None = None


def matrix(plan_file: Path, reports: Path, options: MatrixOptions, say: Say) -> int:
    """Run the cells of a plan, write the page, and return the exit code.

    0 if every cell is as expected, 1 if one is not, 2 if interrupted, 4 for an invalid plan, 6 if a cell could not be
    tested.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        cells = shard(MatrixPlan.read(plan_file).cells(options.only), options.share)
        return run_cells(cells, reports, options, say)
    except (MatrixPlanError, ReportFolderError) as problem:
        say(f"matrix: {problem}")
        return USAGE
    except KeyboardInterrupt:
        say("matrix: interrupted; go on with --resume")
        return INTERRUPTED


def run_cells(cells: Sequence[Cell], reports: Path, options: MatrixOptions, say: Say) -> int:
    """Run cells, those of one deployment together, and return the exit code."""
    check_writable(reports)
    with explained(reports):
        found = _resumed(reports, say) if options.resume else results.begin(reports)
        left = found.left(cells)
        starts = list(dict.fromkeys(cell.start for cell in left))
        workers = max(1, (os.cpu_count() or 1) // options.parallel)
        say(f"{len(left)} of {len(cells)} cells to run, on {len(starts)} deployments")

        def told(outcome: Outcome) -> None:
            found.add(outcome)
            done = len(cells) - len(found.left(cells))
            say(f"{done:>4}/{len(cells)}  {_mark(outcome)}  {outcome.cell}  {outcome.why[:150]}")

        over, kept = Event(), found.folder / results.CELLS
        with ThreadPoolExecutor(options.parallel) as pool:
            works = []
            for start in starts:
                together = [cell for cell in left if cell.start == start]
                works.append(pool.submit(carry_out, together, kept, workers, say, told, over))
            try:
                for work in works:
                    work.result()
            finally:
                over.set()
        return conclude(found, reports, options.document, say)


def merge(folders: Sequence[Path], reports: Path, document: Path | None, say: Say) -> int:
    """Combine the results of several machines, write the page, and return the exit code."""
    try:
        check_writable(reports)
        with explained(reports):
            return conclude(results.merged(results.begin(reports), folders), reports, document, say)
    except (MatrixResultsError, ReportFolderError) as problem:
        say(f"matrix: {problem}")
        return USAGE


def conclude(found: MatrixResults, reports: Path, document: Path | None, say: Say) -> int:
    """Finish a run: its page, its document if requested, changes, and unexpected results."""
    found.finished = datetime.now(UTC).isoformat(timespec="seconds")
    found.write()
    before = [each for each in results.earlier(reports) if each.finished and each.folder != found.folder]
    changed = found.changes(before[-1] if before else None)
    (found.folder / "index.html").write_text(page.render(found, changed), encoding="utf-8")
    results.publish(found)
    if document is not None:
        page.write_document(found, document)
    for line in changed:
        say(f"changed: {line}")
    for outcome in found.unexplained:
        say(f"not as it should be: {outcome.cell}: {outcome.word}: {outcome.why}")
    good = len(found.outcomes) - len(found.unexplained)
    say(f"{good} of {len(found.outcomes)} cells are as they should be; {found.folder / 'index.html'}")
    if any(outcome.answer == UNKNOWN for outcome in found.unexplained):
        return COULD_NOT
    return 1 if found.unexplained else 0


def _resumed(reports: Path, say: Say) -> MatrixResults:
    """Return the last run if it is unfinished or has untested cells, else a new one."""
    last = results.earlier(reports)[-1:]
    if not last or last[0].is_complete:
        say("no run was interrupted: this is a new one")
        return results.begin(reports)
    done = sum(outcome.answer != UNKNOWN for outcome in last[0].outcomes.values())
    say(f"going on with {last[0].folder.name}: {plural(done, 'cell')} done")
    return last[0]


def _mark(outcome: Outcome) -> str:
    return f"{outcome.word:<9} {outcome.seconds:5.0f} s"
