"""The digest of a nightly run, and the body for a webhook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from registry_conformance.judge.report.changes import TITLES
from registry_conformance.judge.report.markdown import SIGNS, plain
from registry_conformance.judge.report.page.words import duration
from registry_conformance.proof.nightly.night import NightRun
from registry_conformance.proof.nightly.result import Result
from registry_conformance.proof.nightly.webhook import UNTOLD


def changed(night: NightRun, before: Sequence[NightRun]) -> tuple[str, ...]:
    """Return the targets with another result than last time, and new ones that did not pass."""
    then = {result.name: _end(result) for each in before for result in each.results}
    return tuple(
        result.name
        for result in night.results
        if (_end(result) != then[result.name] if result.name in then else result.mood != "good")
    )


def news(night: NightRun, before: Sequence[NightRun]) -> tuple[str, ...]:
    """Return the targets to report to the webhook: those that changed since its last successful notification."""
    untold = [night, *takewhile(lambda each: each.told.startswith(UNTOLD), reversed(before))]
    names = {name for each in untold for name in each.changed}
    return tuple(result.name for result in night.results if result.name in names)


def lines(night: NightRun) -> Iterator[str]:
    """Yield the digest in Markdown: changes first, then each target."""
    good = sum(result.mood == "good" for result in night.results)
    yield f"# {night.folder.name}: {good} of {len(night.results)} targets are fit to serve"
    yield ""
    yield f"Changed since the last time: {', '.join(night.changed) or 'nothing'}."
    for result in night.results:
        yield ""
        yield f"## {SIGNS[result.mood]} {result.name}"
        yield ""
        yield f"{plain(result.sentence)} ({duration(result.seconds)}, exit code {result.exit_code})"
        yield from (f"- cause: {plain(cause)}" for cause in result.causes)
        if counts := counted(result):
            yield f"- since its last run: {counts}"
        yield f"- report: {result.name}/index.html" if result.run else f"- log: {result.name}.log"


def counted(result: Result) -> str:
    """Return the changes of a target's checks, as numbers."""
    return ", ".join(f"{number} {TITLES[name]}" for name, number in result.changed.items())


def body(night: NightRun, names: Sequence[str]) -> dict[str, Any]:
    """Return the webhook's body about the targets with these names; ``text`` is what most chat tools show."""
    told = [_line(result) for result in night.results if result.name in names]
    return {
        "text": "\n".join([f"{night.folder.name}: changed: {', '.join(names)}", *told]),
        "night": night.folder.name,
        "exit_code": night.exit_code,
        "changed": list(names),
        "targets": _targets(night.results),
    }


def _end(result: Result) -> tuple[int, set[str]]:
    return result.exit_code, set(result.red)


def _line(result: Result) -> str:
    cause = f" Cause: {result.causes[0]}." if result.causes else ""
    return f"{SIGNS[result.mood]} {result.name}: {result.sentence}{cause}"


def _targets(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [{"name": each.name, "exit_code": each.exit_code, "sentence": each.sentence} for each in results]
