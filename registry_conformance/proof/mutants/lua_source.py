"""Mutants of the Lua of Envoy and nginx: operators, numbers, texts, conditions, calls."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from pygments.lexers.scripting import LuaLexer
from pygments.token import Comment, Number, String

from registry_conformance.judge.locations import DOCKER
from registry_conformance.proof.mutants.mutant import NGINX, Mutant, changed_line, shortened, with_file

FILES = (
    ("proxy/errors.lua", ""),
    ("proxies/nginx/gate.lua", NGINX),
    ("proxies/nginx/auth.lua", NGINX),
    ("proxies/nginx/answers.lua", NGINX),
)
"""Each file, and the proxy of the stacks that its mutants are applied to."""
_OPERATORS = {
    "==": ("~=",),
    "~=": ("==",),
    "<": ("<=", ">"),
    "<=": ("<",),
    ">": (">=", "<"),
    ">=": (">", "<"),
    "and": ("or",),
    "or": ("and",),
    "true": ("false",),
    "false": ("true",),
    "not": ("",),
    "+": ("-",),
    "-": ("+",),
}


def mutants() -> Iterator[Mutant]:
    """Yield the mutants of each script, in the order of their places; the proxy says which of them are Lua."""
    for file, proxy in FILES:
        source = (DOCKER / file).read_text(encoding="utf-8")
        for function, how, text in changes(source):
            place, line = f"docker/{file}:{function}", changed_line(source, text)
            yield Mutant("proxy", "source", place, how, with_file(file, text), proxy=proxy, line=line)


def changes(source: str) -> Iterator[tuple[str, str, str]]:
    """Yield (function, how, text) for every change of a script."""
    for start, end, replacement in (*_tokens(source), *_lines(source)):
        line = source[source.rfind("\n", 0, start) + 1 :].partition("\n")[0]
        said = f"{shortened(source[start:end])} -> {shortened(replacement) or 'nothing'} in: {shortened(line)}"
        yield _function(source, start), said, source[:start] + replacement + source[end:]


def _tokens(source: str) -> Iterator[tuple[int, int, str]]:
    for kind, group in itertools.groupby(LuaLexer().get_tokens_unprocessed(source), key=_kind):
        parts = list(group)
        if kind == "text":  # the lexer gives a text in pieces: its quotes, and what is between them
            start, end = parts[0][0], parts[-1][0] + len(parts[-1][2])
            yield from _texts(source, start, end)
            continue
        for start, token, value in parts if kind == "code" else ():
            end = start + len(value)
            if token in Number and value.isdigit():
                others = (int(value) + 1,) if _is_begin(source, end) else (int(value) + 1, 0)
                yield from ((start, end, str(other)) for other in others if other != int(value))
            elif value in _OPERATORS:
                yield from ((start, end, other) for other in _OPERATORS[value])


def _is_begin(source: str, end: int) -> bool:
    """Return whether a number says where a search for a plain text begins: at 0 it does as at 1."""
    return source.startswith(", true)", end)


def _kind(part: tuple[int, object, str]) -> str:
    token = part[1]
    if token in Comment:
        return "comment"
    return "text" if token in String else "code"


def _texts(source: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    quote = source[start]
    if quote in "\"'" and end - start > 2:
        yield start, end, f"{quote}XX{source[start + 1 : end]}"
        yield start, end, quote * 2


def _lines(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield changes of whole statements: conditions fixed, calls and returns removed, defaults dropped."""
    for found in re.finditer(r"(?m)^\s*if (.+) then$", source):
        yield from ((found.start(1), found.end(1), word) for word in ("true", "false"))
    for found in re.finditer(r"(?m)^\s*([\w.]+(?::\w+)?\(.*\)|return)$", source):
        yield found.start(1), found.end(1), ""
    for found in re.finditer(r"(?m)^  (\[\d+\] = \"\w+\", )", source):
        yield found.start(1), found.end(1), ""


def _function(source: str, place: int) -> str:
    names = re.findall(r"(?m)^(?:local )?function (?:\w+\.)?(\w+)", source[:place])
    return names[-1] if names else "module"
