"""The plan of the matrix, ``matrix.toml``: groups of cells, each all combinations of its axes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.live.toml_lines import TomlError, document_of
from registry_conformance.lab.external.mlflow_environment import MlflowEnvironment, MlflowEnvironmentError
from registry_conformance.lab.external.neighbour import OWN, Neighbour, NeighbourError
from registry_conformance.proof.matrix.cell import KINDS, REGISTRATION, SUITE, Cell, Stage
from registry_conformance.run.option_values import BACKENDS, STORES

SAME = "same"
"""In the place of clients: each server is met by the client of its own version."""
_AXES = ("servers", "clients", "backends", "stores", "proxies")
_USUAL = {"backends": ["sqlite"], "stores": ["moto"], "proxies": [OWN]}
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class MatrixPlanError(ValueError):
    """The plan cannot be used; the message names the file, the group, and what is allowed."""


@dataclass(frozen=True, slots=True)
class MatrixPlan:
    """The groups of cells, by name, in the order of the file."""

    groups: Mapping[str, tuple[Cell, ...]]

    @classmethod
    def read(cls, file: Path) -> MatrixPlan:
        """Return the plan of a file; raise ``MatrixPlanError``."""
        try:
            document = document_of(read_text(file))
        except OSError as problem:
            raise MatrixPlanError(f"{file}: cannot be read: {problem.strerror}") from problem
        except (TomlError, UnicodeDecodeError) as problem:
            raise MatrixPlanError(f"{file}: is not TOML: {problem}") from problem
        groups = document.get("group", {})
        if set(document) != {"group"} or not isinstance(groups, dict):
            raise MatrixPlanError(f"{file}: has tables [group.NAME], and nothing else")
        return cls({name: _cells(f"{file.name}, [group.{name}]", name, each) for name, each in groups.items()})

    def cells(self, only: Sequence[str]) -> list[Cell]:
        """Return the cells of the named groups, of all by default, each once; raise ``MatrixPlanError``."""
        if strange := [name for name in only if name not in self.groups]:
            raise MatrixPlanError(f"there is no group {strange[0]!r}; there are {', '.join(self.groups)}")
        chosen = only or list(self.groups)
        return list(dict.fromkeys(cell for name in chosen for cell in self.groups[name]))


def shard(cells: Sequence[Cell], text: str) -> list[Cell]:
    """Return the cells of one machine out of several, ``2/5``; cells of one deployment stay together.

    Raises ``MatrixPlanError`` for an invalid share.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    number, total = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= total:
        raise MatrixPlanError(f"--shard={text}: say which of how many, as 2/5")
    mine = list(dict.fromkeys(cell.start for cell in cells))[number - 1 :: total]
    return [cell for cell in cells if cell.start in mine]


def _cells(place: str, name: str, group: Any) -> tuple[Cell, ...]:
    if not _NAME.fullmatch(name):
        raise MatrixPlanError(f"{place}: a name has small letters, digits and dashes, a letter first")
    if not isinstance(group, dict) or set(group) - {*_AXES, "kind"} or not {"servers", "clients"} <= set(group):
        raise MatrixPlanError(f"{place}: needs servers and clients, and may have {', '.join((*_AXES[2:], 'kind'))}")
    kind = group.get("kind", REGISTRATION)
    if kind not in KINDS:
        raise MatrixPlanError(f"{place}: kind is one of {', '.join(KINDS)}")
    if kind == SUITE and group["clients"] != SAME:
        raise MatrixPlanError(f'{place}: a whole suite has the client of its server: clients = "{SAME}"')
    axes = {**_USUAL, **{axis: values for axis, values in group.items() if axis != "kind"}}
    for axis, values in axes.items():
        if not (axis == "clients" and values == SAME):
            _refuse(place, axis, values)
    combined = itertools.product(*(axes[axis] for axis in ("servers", "backends", "stores", "proxies")))
    stages = [Stage(*each) for each in combined]
    return tuple(
        Cell(stage, client, kind)
        for stage in stages
        for client in ([stage.server] if axes["clients"] == SAME else axes["clients"])
    )


def _refuse(place: str, axis: str, values: Any) -> None:
    if not isinstance(values, list) or not values or not all(isinstance(each, str) for each in values):
        raise MatrixPlanError(f"{place}: {axis} is a list of texts" + f', or "{SAME}"' * (axis == "clients"))
    for value in values:
        try:
            _known(axis, value)
        except (MlflowEnvironmentError, NeighbourError, ValueError) as problem:
            raise MatrixPlanError(f"{place}: {axis} has {value!r}: {problem}") from problem


def _known(axis: str, value: str) -> None:
    if axis in ("servers", "clients"):
        MlflowEnvironment.named(value)
    elif axis == "proxies":
        Neighbour.named(value)
    else:
        names = BACKENDS if axis == "backends" else STORES[1:]
        if value not in names:
            raise ValueError(f"there are {', '.join(names)}")
