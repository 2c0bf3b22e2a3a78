"""Removes what killed runs left on this machine, at the start of the next command."""

from __future__ import annotations

from collections.abc import Iterator

from registry_conformance.judge.temporary import Abandoned, remove_abandoned


def sweep(*, containers: bool = False) -> Iterator[str]:
    """Remove folders, processes and containers of runs whose owners have ended; yield a sentence for each.

    The Docker engine is called only if ``containers`` says that this run uses it, or if a killed run did.
    """
    found = remove_abandoned()
    for abandoned in found:
        yield _sentence(abandoned, _ended(abandoned.run) if abandoned.run else 0)
    if containers or any(abandoned.engine for abandoned in found):
        yield from (f"removed what a run that was killed had left here: {name}" for name in _removed_from_engine())


def _ended(run_id: str) -> int:
    """Kill the processes of a run; return their number."""
    from registry_conformance.lab.stack import process  # noqa: PLC0415 - who has no stack has not what it imports

    return len(process.sweep(run_id))


def _removed_from_engine() -> list[str]:
    from registry_conformance.lab.images.engine import EngineError  # noqa: PLC0415 - as above
    from registry_conformance.lab.stack.docker import labels  # noqa: PLC0415 - as above

    try:
        return labels.sweep_abandoned()
    except EngineError:
        return []


def _sentence(abandoned: Abandoned, processes: int) -> str:
    whose = f"the run {abandoned.run}" if abandoned.run else "a process"
    also = f" and {processes} of its processes" if processes else ""
    return f"removed what {whose} that was killed had left here: the folder {abandoned.folder.name}{also}"
