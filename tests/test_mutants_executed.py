"""Source that notes its statements still does what it did, and says which of them ran."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.proof.mutants.catalogue import catalogue
from registry_conformance.proof.mutants.executed import WritesDown, noting

SOURCE = '''"""A module."""
from __future__ import annotations
LIMIT = 3
class Thing:
    """A thing."""
    size: int = 0
    def grow(self, by: int) -> int:
        """Grow."""
        if by > LIMIT:
            return self.shrink()
        for _ in range(by):
            self.size += 1
        return self.size
    def shrink(self) -> int:
        return 0
'''


def test_statements_that_run_are_noted(tmp_path: Path) -> None:
    """Each statement of a function is noted when it runs, and no other; the result is the same."""
    names: dict[str, Any] = {"__name__": "module"}
    exec(compile(noting(SOURCE, "auth/a.py", tmp_path / "noted"), "a.py", "exec"), names)  # noqa: S102 - our own text

    assert names["Thing"]().grow(2) == 2
    noted = set((tmp_path / "noted").read_text().splitlines())
    lines = ("if by > LIMIT:", "for _ in range(by):", "self.size += 1", "return self.size")
    assert noted == {f"ran docker/auth/a.py:Thing.grow: {line}" for line in lines}


def test_mutants_of_source_are_about_statements_that_can_be_noted(tmp_path: Path) -> None:
    """What a mutant in a function touches is noted by the source that writes down its statements."""
    texts = dict(WritesDown(tmp_path / "noted")(REFERENCE).files)
    mutants = [
        each for each in catalogue().values() if each.place.endswith(("rights.py:need", "request_log.py:_mended"))
    ]
    touched = {token for each in mutants for token in each.touches}

    assert len(touched) >= 8
    for token in touched:
        path = token.removeprefix("ran docker/").partition(":")[0]
        assert token in texts[path] or repr(token)[1:-1] in texts[path], token
