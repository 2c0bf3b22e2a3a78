"""Source of the deployment that writes down which of its statements ran."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import Deployment
from registry_conformance.proof.mutants import python_source
from registry_conformance.proof.mutants.mutant import shortened

_BEGINNING = """\
import os as _os
_executed_file = _os.open({file!r}, _os.O_WRONLY | _os.O_CREAT | _os.O_APPEND, 0o600)
def _executed_statement(statement):
    _os.write(_executed_file, statement.encode() + b"\\n")
"""


def token(place: str, line: str) -> str:
    """Return the token of a statement, by its file with its scope and its first line."""
    return f"ran {place}: {line}"


@dataclass(frozen=True, slots=True)
class WritesDown:
    """A change: the auth service and the server around MLflow append each statement's token to ``file`` as it runs."""

    file: Path

    def __call__(self, deployment: Deployment) -> Deployment:
        """Return the deployment with its source replaced."""
        texts = ((path, noting((DOCKER / path).read_text(encoding="utf-8"), path, self.file)) for path in _paths())
        return replace(deployment, files=(*deployment.files, *texts))


def _paths() -> Iterator[str]:
    for folder, names in (("auth", python_source.AUTH), ("mlflow", python_source.MLFLOW)):
        yield from (f"{folder}/{name}" for name in names)


def noting(source: str, path: str, file: Path) -> str:
    """Return a module that notes the statements of its functions in a file; those of its import are not noted."""
    tree = ast.parse(source)
    lines = source.splitlines()
    _Noting(f"docker/{path}", lines).visit(tree)
    beginning = ast.parse(_BEGINNING.format(file=str(file))).body
    after = sum(1 for statement in tree.body if _comes_first(statement))
    tree.body[after:after] = beginning
    return ast.unparse(ast.fix_missing_locations(tree))


def _comes_first(statement: ast.stmt) -> bool:
    """Return whether a statement must stand before all others: the docstring, and imports from the future."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


class _Noting(ast.NodeTransformer):
    """Puts a note before each statement of each function."""

    def __init__(self, path: str, lines: list[str]) -> None:
        self._path = path
        self._lines = lines
        self._scope: list[str] = []
        self._in_function = False

    def visit(self, node: ast.AST) -> ast.AST:
        """Visit a node, inside its scope if it opens one."""
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return self._noted(node)
        outside, self._in_function = self._in_function, not isinstance(node, ast.ClassDef)
        self._scope.append(node.name)
        try:
            return self._noted(node)
        finally:
            self._scope.pop()
            self._in_function = outside

    def _noted(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        for name in ("body", "orelse", "finalbody") if self._in_function else ():
            block = getattr(node, name, None)
            if isinstance(block, list) and not isinstance(node, ast.ClassDef):
                setattr(node, name, [each for statement in block for each in self._with_note(statement)])
        return node

    def _with_note(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        place = f"{self._path}:{'.'.join(self._scope) or 'module'}"
        line = shortened(self._lines[statement.lineno - 1][statement.col_offset :])
        if not _comes_first(statement):
            called = ast.Name("_executed_statement", ast.Load())
            yield ast.Expr(ast.Call(called, [ast.Constant(token(place, line))], []))
        yield statement
