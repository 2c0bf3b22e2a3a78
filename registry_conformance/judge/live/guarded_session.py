"""A session on a third-party target: its guard, its ledger, and the clean-up at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.judge.live.cleanup import clean
from registry_conformance.judge.target.guard import MIB, Budget, Guard
from registry_conformance.judge.target.ledger import LedgerError, identity_of
from registry_conformance.judge.target.liveness import hold, release
from registry_conformance.judge.target.requests import GuardError, enforce, relax
from registry_conformance.judge.target.target import Target

_OF_AN_ADDRESS = Budget(requests=2_000, bytes=64 * MIB, objects=300, seconds=900.0)
"""The limits of a run on a target that is known by its URL only."""


def guard_of_address(target: Target, run: str, ledgers: Path, *, read_only: bool) -> Guard:
    """Return the guard of a run with only a URL and a key; ``ledgers`` is the folder of its ledger."""
    return Guard(ledgers / f"{run}.sqlite", run, _OF_AN_ADDRESS, read_only, target=identity_of(target))


@dataclass(frozen=True, slots=True)
class SessionResult:
    """The end of a session: messages, and a sentence for each object that is left or may be."""

    lines: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuardedSession:
    """One run on a third-party target; ``purge`` is the command that permanently deletes experiments."""

    target: Target
    guard: Guard
    purge: Sequence[str] = ()

    def announcement(self) -> tuple[str, ...]:
        """Return the announcement before anything is sent: whether this run writes, what, and what remains."""
        if self.guard.read_only:
            return ("read-only: nothing that changes the target is sent; registration not tried",)
        lines = [
            "this writes to the target: experiments, runs, registered and logged models, and artifacts;",
            f"each is named {self.guard.run}-..., and is removed at the end; until then {self.guard.file} lists them",
        ]
        if not self.purge:
            lines.append("MLflow's API cannot remove experiments permanently: they stay in its database, as deleted")
        if self.target.bucket is None:
            lines.append("in a versioned bucket, versions of deleted files stay until its lifecycle rules remove them")
        return tuple(lines)

    def open(self) -> None:
        """Create the ledger, and allow no connection without the guard; raise ``LedgerError`` if that fails."""
        self.guard.open()
        hold(self.guard.file)
        enforce()

    def close(self) -> SessionResult:
        """Delete what the run created, and report the result."""
        try:
            return self._read_only() if self.guard.read_only else self._cleaned()
        except (LedgerError, GuardError) as problem:
            return SessionResult((), (str(problem),))
        finally:
            release(self.guard.file)
            relax()

    def _read_only(self) -> SessionResult:
        sent = _counted(self.guard.mutating, "request")
        said = f"clean-up: nothing to do, {sent} that change anything were sent"
        left = (f"whatever {sent} changed: this run was to be read-only",) if self.guard.mutating else ()
        return SessionResult((said,), left)

    def _cleaned(self) -> SessionResult:
        cleaned = clean(self.target, self.guard, self.purge)
        made = cleaned.gone + len(cleaned.left)
        gone = f"{cleaned.gone} of {_counted(made, 'object')} removed" if made else "nothing was created"
        lines = [f"clean-up: {gone}", *cleaned.notes]
        if cleaned.gone and self.target.bucket is None:
            lines.append("  the bucket was not inspected: if it is versioned, versions of deleted files stay until its")
            lines.append("  lifecycle rules remove them")
        if cleaned.kept:
            count, ids = _counted(len(cleaned.kept), "deleted experiment"), ",".join(cleaned.kept)
            lines.append(f"  MLflow keeps {count}; its API cannot remove them permanently. With access to the")
            lines.append(f"  database, run `registry-conformance purge {ids}`; do not use `mlflow gc`, which also")
            lines.append("  removes everybody else's deleted runs and logged models")
        return SessionResult(tuple(lines), cleaned.left)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
