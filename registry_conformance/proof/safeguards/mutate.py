"""Mutants of a module: each condition inverted, fixed, or without one of its operands."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BOOLEAN = (ast.BoolOp, ast.Compare)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed condition of one function; ``change`` says how, ``code`` is the function's code."""

    function: str
    line: int
    change: str
    code: CodeType


def mutants(source: str, filename: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's functions, in the order of its lines."""
    tree = ast.parse(source, filename)
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    for function in _functions(tree):
        for node in _conditions(function):
            place = _Place(node, numbers[id(node)])
            for change, replacement in _changes(place.node):
                mutated = place.with_other(tree, replacement)
                code = _code_of(compile(mutated, filename, "exec"), function.qualname)
                yield Mutant(function.qualname, place.node.lineno, f"{_text(place.node)} -> {change}", code)


@dataclass(frozen=True, slots=True)
class _Function:
    qualname: str
    node: ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class _Place:
    """A condition, and the index of its node in a walk of the tree."""

    node: ast.expr
    number: int

    def with_other(self, tree: ast.Module, replacement: ast.expr) -> ast.Module:
        """Return the tree with another expression at this place."""
        changed = copy.deepcopy(tree)
        wanted = next(node for number, node in enumerate(ast.walk(changed)) if number == self.number)
        for parent in ast.walk(changed):
            for name, value in ast.iter_fields(parent):
                if value is wanted:
                    setattr(parent, name, replacement)
                elif isinstance(value, list):
                    setattr(parent, name, [replacement if each is wanted else each for each in value])
        return ast.fix_missing_locations(changed)


def _functions(tree: ast.Module) -> Iterator[_Function]:
    """Yield the functions of a module and the methods of its classes, including nested code."""
    for node in tree.body:
        if isinstance(node, _FUNCTIONS):
            yield _Function(node.name, node)
        elif isinstance(node, ast.ClassDef):
            yield from (
                _Function(f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, _FUNCTIONS)
            )


def _conditions(function: _Function) -> Iterator[ast.expr]:
    """Yield every condition of a function: tests, boolean operators, and results of predicates."""
    tested = {id(node) for each in ast.walk(function.node) for node in _tests(each)}
    for node in ast.walk(function.node):
        if isinstance(node, ast.expr) and (id(node) in tested or isinstance(node, _BOOLEAN)):
            yield node


def _tests(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
        return [node.test]
    if isinstance(node, ast.comprehension):
        return list(node.ifs)
    if isinstance(node, _FUNCTIONS) and isinstance(node.returns, ast.Name) and node.returns.id == "bool":
        returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
        return [value for value in returned if value is not None and not isinstance(value, ast.Constant)]
    return []


def _changes(node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    yield "its opposite", ast.UnaryOp(ast.Not(), copy.deepcopy(node))
    yield "True", ast.Constant(True)
    yield "False", ast.Constant(False)
    if isinstance(node, ast.BoolOp):
        for number, dropped in enumerate(node.values):
            rest = copy.deepcopy([each for place, each in enumerate(node.values) if place != number])
            yield f"without {_text(dropped)}", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _code_of(module: CodeType, qualname: str) -> CodeType:
    found = module
    for name in qualname.split("."):
        found = next(each for each in found.co_consts if isinstance(each, CodeType) and each.co_name == name)
    return found


def _text(node: ast.expr) -> str:
    return " ".join(ast.unparse(node).split())
