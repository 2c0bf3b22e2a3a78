"""The project's own source, as the tests of its form read it."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("registry_conformance", "fixtures", "suites", "docker", "tests", "benchmarks", "scripts")
Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """One Python file: ``path`` relative to the project, its ``text``, and the text parsed."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The text, parsed; without the collector, which finds no garbage in a tree, and takes most of the time."""
        gc.disable()
        try:
            return ast.parse(self.text, self.path)
        finally:
            gc.enable()

    @property
    def module(self) -> str:
        """The dotted name: ``registry_conformance/lab/stack/__init__.py`` is ``registry_conformance.lab.stack``."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def checks(self) -> list[Function]:
        """Every function whose name makes it a check, if this file stands under ``suites/``."""
        nodes = ast.walk(self.tree) if self.path.startswith("suites/") else ()
        return [node for node in nodes if isinstance(node, FUNCTIONS) and node.name.startswith("test")]

    def at(self, node: ast.AST) -> str:
        """Return ``path:line`` of a node."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def sources(*folders: str) -> list[Source]:
    """Return every Python file under the folders, of all of ours if none is named; scripts by shebang."""
    return [source for folder in folders or FOLDERS for source in _sources_in(folder)]


@cache
def _sources_in(folder: str) -> tuple[Source, ...]:
    """Return the files of one folder; several tests of a process read and parse them once."""
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text())
        for path in files(folder)
        if path.suffix == ".py" or path.read_bytes().startswith(b"#!/usr/bin/env python3")
    )


def files(folder: str = ".", *suffixes: str) -> Iterator[Path]:
    """Yield every file of the project under a folder, of these suffixes or any, without what git ignores."""
    for path in sorted((ROOT / folder).iterdir()) if (ROOT / folder).is_dir() else ():
        place = path.relative_to(ROOT)
        if place.name in {".git", ".venv", "__pycache__"} or place.name.endswith("_cache"):
            continue
        if place.parts[0] == "reports" and place.parts[1:2] not in {(), ("README.md",), ("schema",)}:
            continue
        if path.is_dir():
            yield from files(place.as_posix(), *suffixes)
        elif path.is_file() and (not suffixes or path.suffix in suffixes):
            yield path


def imports(source: Source, modules: Iterable[str]) -> dict[str, ast.stmt]:
    """Return module or name imported anywhere in a file -> the statement; names that are modules are told apart."""
    found: dict[str, ast.stmt] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= dict.fromkeys((alias.name for alias in node.names), node)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            inner = {f"{start}.{alias.name}" for alias in node.names} & set(modules)
            found |= dict.fromkeys(inner or {start}, node)
    return found
