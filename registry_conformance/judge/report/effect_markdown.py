"""The effect of a change in Markdown: a comment for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from registry_conformance.judge.report.effect import ClientAtDoor, Effect, Promise
from registry_conformance.judge.report.markdown import SIGNS, plain
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.tally import plural

MARK = "<!-- registry-conformance: verify --against -->"
"""The first line of the comment, by which a pipeline finds it again to replace it."""
_MOST = 20
_SIGNS = {0: SIGNS["good"], 1: SIGNS["bad"]}


def render(effect: Effect, before: RunRecord, after: RunRecord) -> Iterator[str]:
    """Yield the comment line by line."""
    yield MARK
    yield f"## {_SIGNS.get(effect.exit_code, SIGNS['doubt'])} {plain(effect.sentence)}"
    yield ""
    yield from _promises("Broken", effect.broken)
    yield from _clients("Cannot register any more", effect.cut_off)
    if effect.cause and (effect.broken or effect.cut_off):
        yield f"**Cause:** {plain(effect.cause)}"
        yield ""
        yield f"**Fix:** {plain(effect.fix)}"
        yield ""
    yield from _promises("Kept before, and not proved after", effect.unproved)
    yield from _promises("Mended", effect.mended)
    yield from _clients("Can register now", effect.let_in)
    yield from _promises("Not kept before or after", effect.still)
    yield from _promises("Not judged on one side or both", effect.unclear)
    yield f"Kept before and after: {plural(effect.kept, 'promise')}."
    yield ""
    yield f"- before: {_run(before)}"
    yield f"- after: {_run(after)}"


def undecided(said: str) -> Iterator[str]:
    """Yield the comment for a change that could not be judged on both sides."""
    yield MARK
    yield f"## {SIGNS['doubt']} {plain(said)}"


def _promises(title: str, promises: Sequence[Promise]) -> Iterator[str]:
    if not promises:
        return
    yield f"<details{' open' if title == 'Broken' else ''}><summary>{title} ({len(promises)})</summary>"
    yield ""
    yield "| promise | level | | before | after | seen |"
    yield "|---|---|---|---|---|---|"
    for each in promises[:_MOST]:
        cells = (each.id, each.level, plain(each.text), each.before, each.after, plain(each.seen[:200]))
        yield f"| {' | '.join(map(str, cells))} |"
    yield ""
    if len(promises) > _MOST:
        yield f"and {len(promises) - _MOST} more in the report"
        yield ""
    yield "</details>"
    yield ""


def _clients(title: str, clients: Sequence[ClientAtDoor]) -> Iterator[str]:
    if not clients:
        return
    yield f"**{title}:**"
    yield ""
    yield from (f"- {plain(str(each))}" + (f": {plain(each.why[:200])}" if each.why else "") for each in clients)
    yield ""


def _run(run: RunRecord) -> str:
    return f"`{run.run_id}`, {plural(len(run.records), 'check')} in {run.seconds:.0f} s, `{_plain_series(run)}`"


def _plain_series(run: RunRecord) -> str:
    """Return what a run judged, and how, as text for inline code."""
    return run.series.replace("`", "'")
