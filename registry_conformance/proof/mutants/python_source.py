"""Mutants of Python source: mutmut's operators, and removed calls, raises and members, fixed conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper
from mutmut.mutation.mutators import mutation_operators

from registry_conformance.judge.locations import DOCKER
from registry_conformance.proof.mutants.mutant import Mutant, changed_line, shortened, with_file

AUTH = (
    "auth_service.py",
    "carriers.py",
    "decision_log.py",
    "denials.py",
    "key_client.py",
    "policy.py",
    "rights.py",
    "service.py",
    "settings.py",
)
"""The source of the auth service, with its client of the key service."""
MLFLOW = ("registry_app.py", "request_log.py", "store_faults.py")
"""The source around MLflow."""
_RIGHTS = ("READ", "WRITE", "ARTIFACT_READ", "ARTIFACT_WRITE")
"""Members of enumerations that replace each other."""

Replacement = tuple[cst.CSTNode, cst.CSTNode]
"""A node of a module, and its replacement."""


def mutants() -> Iterator[Mutant]:
    """Yield the mutants of every file, in line order; those that do not compile are left out."""
    for folder, layer, names in (("auth", "auth", AUTH), ("mlflow", "mlflow", MLFLOW)):
        for name in names:
            path = f"{folder}/{name}"
            source = (DOCKER / path).read_text(encoding="utf-8")
            for scope, how, text in changes(source):
                place = f"docker/{path}:{scope}"
                ran = frozenset({f"ran {place}: {how.rpartition(' in: ')[2]}"})
                line = changed_line(source, text)
                yield Mutant(layer, "source", place, how, with_file(path, text), ran, line=line)


def changes(source: str) -> Iterator[tuple[str, str, str]]:
    """Yield (scope, how, text) for each change of a module that makes another text of it."""
    wrapped = MetadataWrapper(cst.parse_module(source))
    spans = wrapped.resolve(ByteSpanPositionProvider)
    raw, met = source.encode(), {source}
    for scope, line, (before, after) in _places(wrapped.module, "module", "", raw, spans):
        span = spans[before]
        old = raw[span.start : span.start + span.length].decode()
        new = old[: len(old) - len(old.lstrip())] + wrapped.module.code_for_node(after).strip()
        text = (raw[: span.start] + new.encode() + raw[span.start + span.length :]).decode()
        if text not in met:
            met.add(text)
            yield scope, f"{_told(before, after, old, new)} in: {line}", text


def _told(before: cst.CSTNode, after: cst.CSTNode, old: str, new: str) -> str:
    """Return a change in words: of a collection that lacks a member, that member alone."""
    if isinstance(before, cst.Tuple | cst.Set | cst.List) and isinstance(after, cst.Tuple | cst.Set | cst.List):
        kept = {_text_of(each) for each in after.elements}
        if lost := [said for each in before.elements if (said := _text_of(each)) not in kept]:
            return f"{shortened(', '.join(lost))} left out"
    return f"{shortened(old)} -> {shortened(new) or 'nothing'}"


def _text_of(element: cst.BaseElement) -> str:
    return cst.Module([]).code_for_node(element.value).strip()


def _places(
    node: cst.CSTNode, scope: str, line: str, raw: bytes, spans: Mapping[cst.CSTNode, Any]
) -> Iterator[tuple[str, str, Replacement]]:
    """Yield every mutable node below a node; docstrings and annotations are left alone."""
    if isinstance(node, cst.Annotation | cst.Import | cst.ImportFrom) or _is_documentation(node):
        return
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        scope = node.name.value if scope == "module" else f"{scope}.{node.name.value}"
    if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
        begin = spans[node].start
        line = shortened(raw[begin:].split(b"\n", 1)[0].decode())
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from ((scope, line, (node, after)) for after in operator(node))
    for kinds, own in _OWN:
        if isinstance(node, kinds):
            yield from ((scope, line, replacement) for replacement in own(node))
    for child in node.children:
        yield from _places(child, scope, line, raw, spans)


def _left_out(node: cst.SimpleStatementLine) -> Iterator[Replacement]:
    """Removes a call whose result is unused, or a raise."""
    (statement, *more) = node.body
    called = statement.value if isinstance(statement, cst.Expr) else None
    called = called.expression if isinstance(called, cst.Await) else called
    if not more and (isinstance(called, cst.Call) or isinstance(statement, cst.Raise)):
        yield statement, cst.Pass()


def _swallowed(node: cst.ExceptHandler) -> Iterator[Replacement]:
    """Removes the handling of an exception."""
    if isinstance(node.body, cst.IndentedBlock):
        for statement in node.body.body:
            if isinstance(statement, cst.SimpleStatementLine) and not isinstance(statement.body[0], cst.Raise):
                yield statement.body[0], cst.Pass()


def _fixed(node: cst.If | cst.IfExp) -> Iterator[Replacement]:
    """Makes a condition always true or always false."""
    for word in ("True", "False"):
        yield node.test, cst.Name(word)


def _nothing_returned(node: cst.Return) -> Iterator[Replacement]:
    if node.value is not None:
        yield node.value, cst.Name("None")


def _one_member_less(node: cst.Tuple | cst.Set | cst.List) -> Iterator[Replacement]:
    elements: Sequence[cst.BaseElement] = node.elements
    for left in range(len(elements)) if len(elements) > 1 else ():
        kept = [element for number, element in enumerate(elements) if number != left]
        if len(kept) == 1 and isinstance(node, cst.Tuple):
            kept = [kept[0].with_changes(comma=cst.Comma())]
        yield node, node.with_changes(elements=kept)


def _another_right(node: cst.Attribute) -> Iterator[Replacement]:
    if isinstance(node.value, cst.Name) and node.value.value == "Right" and node.attr.value in _RIGHTS:
        for name in _RIGHTS:
            if name != node.attr.value:
                yield node, node.with_changes(attr=cst.Name(name))


_OWN: Sequence[tuple[type | tuple[type, ...], Callable[[Any], Iterator[Replacement]]]] = (
    (cst.SimpleStatementLine, _left_out),
    (cst.ExceptHandler, _swallowed),
    ((cst.If, cst.IfExp), _fixed),
    (cst.Return, _nothing_returned),
    ((cst.Tuple, cst.Set, cst.List), _one_member_less),
    (cst.Attribute, _another_right),
)


def _is_documentation(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
