"""The files of a run's experiments: each entry of their folders is deleted by its own name, never the folder.

The folder of an experiment may hold files of others: where MLflow servers share an artifact root, or one got a new
database, each counts its experiments from 1. And up to 3.15.2 MLflow deletes in S3 every key that begins like the path
that is named: with the folder ``7`` the files of the experiments 70 to 79.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from registry_conformance.judge.clients.mlflow_http import REST, REST3, MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.live import presence
from registry_conformance.judge.live.presence import NotKnownError, Observation, State
from registry_conformance.judge.live.stored_files import StoredFiles
from registry_conformance.judge.target.workspace import NESTED, entry_of, within

_MOST_ASKED = 1000
"""Of how many entries, in all, MLflow is asked to which experiment they belong."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an entry may be of: the form of its name, the request for it, its parameter, and what the answer says."""

    form: re.Pattern[str]
    path: str
    parameter: str
    read: Callable[[Exchange, str], Observation]


_KINDS = (
    _Kind(re.compile(r"([0-9a-f]{32})"), f"{REST}/runs/get", "run_id", presence.of_run),
    _Kind(re.compile(r"models/(m-[0-9a-f]{32})"), f"{REST}/logged-models", "", presence.of_logged_model),
    _Kind(re.compile(r"traces/(tr-[0-9a-f]{32})"), f"{REST3}/traces", "", presence.of_trace),
)


@dataclass(slots=True)
class ExperimentFiles:
    """Deletes the run's entries in the folders of its experiments.

    ``written`` are those in the ledger, by the folder of their experiment. ``complete`` is whether the ledger has all
    that the run wrote through a server. ``notes`` tell which entries stay because others wrote them.
    """

    files: StoredFiles
    written: Mapping[str, set[str]]
    complete: bool
    workspace: str = ""
    notes: list[str] = field(default_factory=list)
    _asked: int = 0

    def remove(self, own_id: str, folder: str, *, served: bool) -> None:
        """Delete the run's entries in the ``folder`` of an experiment, by the server if it serves them.

        An entry is the run's if the ledger has it, or if MLflow says that it belongs to the experiment. Raises
        ``NotKnownError`` if it is not known whose an entry is.
        """
        for each in (folder, *self._elsewhere(own_id, within(folder, self.workspace))):
            self._remove(own_id, each, served=served)

    def _elsewhere(self, own_id: str, named: str) -> Iterator[str]:
        """Yield the folders of an experiment beside the one that MLflow names: the run wrote below another root."""
        yield from (each for each in self.written if each.rpartition("/")[2] == own_id and each != named)

    def _remove(self, own_id: str, folder: str, *, served: bool) -> None:
        own = self.written.get(within(folder, self.workspace), set())
        others = self._removed(folder, own, served=served)
        if found := {entry for entry in others if self._belongs(entry, own_id)}:
            others = self._removed(folder, own | found, served=served)
        if others:
            self._tell(folder, sorted(others), known=served and self.complete)

    def _removed(self, folder: str, own: set[str], *, served: bool) -> set[str]:
        """Delete entries and verify that; return the others that are in the folder."""
        met = None
        for entry in sorted(own):
            if served:
                met = self.files.send_removal(f"{folder}/{entry}")
            if self.files.objects is not None:
                self.files.objects.purge(f"{folder}/{entry}")
        below = self.files.objects.below(folder) if self.files.objects is not None else ()
        others = {_entry(path) for path in below} - own
        if served:
            self.files.need_gone(lambda wire: self._look(wire, folder, own, others), met)
        return others

    def _look(self, wire: MlflowHttp, folder: str, own: set[str], others: set[str]) -> Observation:
        """Return whether a place lists a file in one of the ``own`` entries; add what else it lists to ``others``."""
        listing = self._entries(wire, folder)
        if listing.state is State.UNKNOWN:
            return listing
        entries = listing.about["entries"]
        others |= entries.keys() - own
        for entry in sorted(entries.keys() & own):
            sight = listing
            if entries[entry]:  # a store may list a folder of which all files are deleted
                sight = self.files.listed(wire, f"{folder}/{entry}")
            if sight.state is not State.GONE:
                return sight
        return self.files.by_mlflow(wire, Observation(State.GONE, listing.said))

    def _entries(self, wire: MlflowHttp, folder: str) -> Observation:
        """Return what a place lists in the folder of an experiment, entry -> whether it is a folder."""
        top = presence.of_folder(self.files.listing_of(wire, folder))
        found: dict[str, bool] = {}
        for name, is_folder in top.about.get("entries", {}).items():
            if not (name in NESTED and is_folder):
                found[name] = is_folder
                continue
            nested = presence.of_folder(self.files.listing_of(wire, f"{folder}/{name}"))
            if nested.state is State.UNKNOWN:
                return nested
            found |= {f"{name}/{below}": is_one for below, is_one in nested.about["entries"].items()}
        return Observation(top.state, top.said, {"entries": found})

    def _belongs(self, entry: str, own_id: str) -> bool:
        """Return whether MLflow says that an entry is of a run, logged model or trace of an experiment."""
        for kind in _KINDS:
            named = kind.form.fullmatch(entry)
            if named is None:
                continue
            self._asked += 1
            if self._asked > _MOST_ASKED:
                raise NotKnownError(f"more than {_MOST_ASKED} entries lie in folders of experiments, one is {entry}")
            sight = self.files.holder.agreed(functools.partial(self._ask, kind=kind, name=named[1]))
            return str(sight.about.get("experiment_id", "")) == own_id and sight.state in (State.THERE, State.DELETED)
        return False

    def _ask(self, wire: MlflowHttp, kind: _Kind, name: str) -> Observation:
        """Ask one place for a run, a logged model or a trace."""
        path, query = (kind.path, {kind.parameter: name}) if kind.parameter else (f"{kind.path}/{name}", {})
        return kind.read(self.files.holder.ask(wire, "GET", path, query=query), name)

    def _tell(self, folder: str, others: list[str], *, known: bool) -> None:
        """Note what stays in a folder because others wrote it; raise ``NotKnownError`` if that is not known."""
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        place = f"{folder}/{others[0]}{more}"
        if not known:
            raise NotKnownError(f"nothing shows whether this run wrote {place}, so that it stays")
        self.notes.append(f"{place}: not written by this run, and stays; somebody else stores files in this folder")


def _entry(path: str) -> str:
    """Return the entry of an experiment's folder that a path below the folder lies in."""
    return entry_of(f"0/{path}", "", ("0",)).removeprefix("0/")
