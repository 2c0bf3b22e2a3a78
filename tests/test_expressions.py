"""Each expression is read once from left to right: none lies in another of its kind."""

from __future__ import annotations

import ast

import pytest

from tests.tree import Source, sources

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def nested(source: Source) -> list[str]:
    """Return each comprehension that holds another, and each conditional expression that holds another."""
    problems = [(node, problem_of(node)) for node in ast.walk(source.tree)]
    return [f"{source.at(node)}: {problem}" for node, problem in problems if problem]


def problem_of(node: ast.AST) -> str:
    """Return why an expression is hard to read, empty if it is not."""
    if isinstance(node, COMPREHENSIONS) and holds(node, COMPREHENSIONS):
        return "a comprehension in a comprehension: give the inner one a name, a function or a loop"
    if isinstance(node, ast.IfExp) and holds(node, (ast.IfExp,)):
        return "a conditional expression in another: return early, or write an if"
    return ""


def holds(outer: ast.AST, kinds: tuple[type[ast.expr], ...]) -> bool:
    """Return whether an expression of some kinds lies anywhere in another."""
    return any(isinstance(node, kinds) for child in ast.iter_child_nodes(outer) for node in ast.walk(child))


def test_no_expression_lies_in_another_of_its_kind() -> None:
    """No comprehension holds another, and no conditional expression does, in product, suites and tests."""
    assert [problem for source in sources() for problem in nested(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "[[cell for cell in row] for row in rows]",
        "{name: {cell for cell in row} for name, row in rows}",
        "[row for row in rows if any(cell for cell in row)]",
        "sum(sum(cell for cell in row) for row in rows)",
        "{cell for cell in [row[0] for row in rows]}",
        "[sorted(row, key=lambda cell: [each for each in cell]) for row in rows]",
    ],
)
def test_comprehension_in_a_comprehension_is_named(text: str) -> None:
    """A comprehension is named if another lies in its element, its conditions, or what it goes through."""
    assert ["comprehension" in found for found in nested(Source("tests/x.py", text))] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "a if b else c if d else e",
        "(a if b else c) if d else e",
        "a if (b if c else d) else e",
        "a if b else call(c if d else e)",
    ],
)
def test_conditional_expression_in_another_is_named(text: str) -> None:
    """A conditional expression is named if another lies in its condition or either of its values."""
    assert ["conditional" in found for found in nested(Source("tests/x.py", text))] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "[cell for row in rows for cell in row]",
        "[cell if cell else 0 for cell in row]",
        "first([a for a in b], [c for c in d])",
        "call(a if b else c, d if e else f)",
    ],
)
def test_expressions_beside_one_another_are_left_alone(text: str) -> None:
    """Several loops of one comprehension, and expressions beside one another, are no problem."""
    assert nested(Source("tests/x.py", text)) == []
