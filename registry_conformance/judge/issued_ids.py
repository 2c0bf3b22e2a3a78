"""Every requirement id ever issued, with the register release that issued it; none is reused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.judge.requirement import Register, RegisterError

FILE = "ids.txt"
"""The list next to the register's files: ``ID RELEASE``, for a deprecated id also ``deprecated RELEASE: why``."""
_LINE = re.compile(r"([A-Z]{3}-\d{3}) (\d+)(?: deprecated (\d+): (\S.*))?")


@dataclass(frozen=True, slots=True)
class IssuedId:
    """One id: the ``release`` that issued it; if deprecated, the release that ended it, and why."""

    id: str
    release: int
    deprecated: int = 0
    why: str = ""


class IssuedIds(Mapping[str, IssuedId]):
    """The list of a register, by id."""

    def __init__(self, issued: Mapping[str, IssuedId]) -> None:
        self._issued = dict(issued)

    def __getitem__(self, requirement_id: str) -> IssuedId:
        return self._issued[requirement_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._issued)

    def __len__(self) -> int:
        return len(self._issued)

    @property
    def release(self) -> int:
        """The newest release of the register, 0 for a register without a list."""
        return max((max(each.release, each.deprecated) for each in self.values()), default=0)

    @classmethod
    def load(cls, folder: Path) -> IssuedIds:
        """Read the list next to a register's files, empty if there is none; raise ``RegisterError``."""
        file = folder / FILE
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        issued: dict[str, IssuedId] = {}
        for number, line in enumerate(lines, start=1):
            if not line or line.startswith("#"):
                continue
            found = _LINE.fullmatch(line)
            if not found:
                raise RegisterError(f"{FILE}, line {number}: {line!r} is not ID RELEASE [deprecated RELEASE: WHY]")
            name, release, ended, why = found[1], int(found[2]), int(found[3] or 0), found[4] or ""
            if name in issued:
                raise RegisterError(f"{FILE}, line {number}: {name} was issued before; an id is never used again")
            issued[name] = IssuedId(name, release, ended, why)
        return cls(issued)

    def pinned(self, register: Register, release: int) -> Register:
        """Return a register with only the requirements of a release, all if it is 0; raise ``RegisterError``."""
        if not release:
            return register
        if not 1 <= release <= self.release:
            raise RegisterError(f"--register={release}: there is no such release; there are 1 to {self.release}")
        newer = {
            name: f"newer than release {release} of the register, which was asked for: issued by {self[name].release}"
            for name in register
            if name in self and self[name].release > release
        }
        return register.without(newer, f"{register.version}-r{release}")
