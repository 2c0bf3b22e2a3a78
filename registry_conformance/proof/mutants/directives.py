"""Mutants of nginx's configuration: directives dropped, turned or moved, numbers, names and arguments changed.

Their stacks have nginx before MLflow. crossplane parses the file and writes it again; what nginx does not accept never
starts, and is no mutant. A directive moves between the server and its locations; nothing moves within a block, for in
the shipped file the order there has no meaning.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import crossplane
from crossplane import analyzer
from crossplane.errors import NgxParserDirectiveError

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.external.neighbour import PROGRAMS, NeighbourError
from registry_conformance.proof.mutants import lua_source
from registry_conformance.proof.mutants.families import MLFLOW, OTHER, header_tokens
from registry_conformance.proof.mutants.mutant import NGINX, Late, Mutant, difference

FILE = f"proxies/nginx/{PROGRAMS[NGINX].usual}.conf"
"""The configuration that such a stack is started with."""

Directive = dict[str, Any]
"""A directive as crossplane gives it: ``directive``, ``args``, and ``block`` if it holds others."""
Steps = tuple[int, ...]
"""Where a directive is: its index in the file, or that of each block around it first."""
Edit = Callable[[list[Directive]], None]
"""A change of a parsed file in place."""

_TLS = "@TLS@"
"""Stands before the directives that a stack without TLS leaves out."""
_OURS = re.compile(r"load_module|pid|error_log|lua_package_path|\w+_temp_path|ssl_certificate(?:_key)?")
"""Directives that name files of the stack: without them nginx would use those of the machine."""
_KEPT = frozenset({"events", "http", "server", "listen", "access_log"})
"""Directives that are never dropped: nothing would listen, or nginx would use a port or a log of the machine."""
_PLACE = re.compile(r"/\S*|.*@[A-Z_]+@.*")
"""Arguments that are files, paths, or filled in by the stack."""
_VERSIONS = ("1.0", "1.1")
"""Arguments that may replace each other."""
_TURNED_ON = {"proxy_redirect": ["default"], "proxy_next_upstream": ["error", "timeout", "non_idempotent"]}
"""Directive that is off by a word of its own -> arguments that turn it on."""
_OPTIONS = frozenset({"access_log", "listen", "log_format", "map", "proxy_next_upstream", "ssl_protocols"})
"""Directives whose words are nginx's own: another name would be refused."""
_NUMBER = re.compile(r"(\w+=)?(\d+)(ms|[smhdkg]?)", re.IGNORECASE)
_NAME = re.compile(r"@?[A-Za-z][\w-]*")
_LUA = "_by_lua_block"
_READS, _WRITES = ("GET", "HEAD", "OPTIONS"), ("POST", "PUT", "PATCH", "DELETE")
_METADATA = {*MLFLOW, OTHER} - {"artifact-file", "get-artifact", "upload-parts", "health"}
"""Families of routes that have no location of their own."""
_LOCATIONS: Mapping[str, tuple[tuple[str, ...], Set[str]]] = MappingProxyType(
    {
        "@bytes": ((*_READS, *_WRITES), {"artifact-file", "artifact-list", "get-artifact"}),
        "@slow": ((*_READS, *_WRITES), {"upload-parts"}),
        "@read": (_READS, _METADATA),
        "@write": (_WRITES, _METADATA),
        "@health": (_READS, {"health"}),
    }
)
"""A location -> the methods, and the families of routes, of the requests that it serves."""


def mutants() -> Iterator[Mutant]:
    """Yield the mutants of every directive, in their order."""
    file = parsed(FILE)
    for path in _walk(file):
        place = f"docker/{FILE}:{'/'.join(_names(file, path))}"
        for how, edit in _changes(file, path):
            touched = header_tokens(f"{place} {how}") | (frozenset() if how.startswith("moved") else _served(place))
            change = Late(FILE, partial(_text, file, edit))
            yield Mutant("proxy", "directive", place, how, change, touched, proxy=NGINX)


@cache
def missing() -> str:
    """Return why no stack on this machine can have the proxy, empty if one can."""
    program = PROGRAMS[NGINX]
    try:
        program.path  # noqa: B018 - who asks for it is told what is missing
    except NeighbourError as problem:
        return str(problem)
    modules = [Path(each["args"][0]) for each in parsed(FILE) if each["directive"] == "load_module"]
    absent = [each.stem for each in modules if not each.exists()]
    return f"{NGINX} on this machine has no {', '.join(absent)}: {program.remedy}" if absent else ""


def parsed(path: str) -> list[Directive]:
    """Return the directives of a file below ``docker/``."""
    read = crossplane.parse(str(DOCKER / path), single=True, check_ctx=False, check_args=False)
    directives: list[Directive] = read["config"][0]["parsed"]
    return directives


def _served(place: str) -> frozenset[str]:
    """Return the exchanges that a location at a place serves, as tokens; none outside of the known locations."""
    found = re.search(r"/location (@\w+)", place)
    methods, names = _LOCATIONS.get(found[1] if found else "", ((), frozenset()))
    return frozenset(f"proxy {method} {name}" for method in methods for name in names)


def _text(file: list[Directive], edit: Edit) -> str:
    changed = copy.deepcopy(file)
    edit(changed)
    return f"{crossplane.build(changed)}\n"


def _walk(directives: Sequence[Directive], path: Steps = ()) -> Iterator[Steps]:
    for number, directive in enumerate(directives):
        if _OURS.fullmatch(_name(directive)):
            continue
        before = directives[number - 1] if number else {}
        if (before.get("directive"), before.get("args")) != (directive["directive"], directive["args"]):
            yield (*path, number)  # of two alike one is enough: the other one's mutants would be the same
        yield from _walk(directive.get("block", ()), (*path, number))


def _changes(file: list[Directive], path: Steps) -> Iterator[tuple[str, Edit]]:
    """Yield (how, edit) for every change of a directive."""
    directive, context = _at(file, path), _context(file, path)
    name, arguments = _name(directive), directive["args"]
    if name not in _KEPT:
        yield "dropped", partial(_drop, path)
    for others in _other_arguments(name, arguments, file):
        if _is_allowed({**directive, "args": others}, context):
            yield difference(_said(name, arguments), _said(name, others)), partial(_give, path, others)
    if name not in _KEPT and "block" not in directive:
        for block in _destinations(file, path):
            if _is_allowed(directive, _context(file, (*block, 0))):
                yield f"moved into {_names(file, block)[-1]}", partial(_move, path, block)


def _other_arguments(name: str, arguments: list[str], file: list[Directive]) -> Iterator[list[str]]:
    """Yield the other arguments of a directive: one of them changed, or left out."""
    if name.endswith(_LUA):
        code = arguments[0].strip()
        yield from ([f" {text} "] for _, _, text in lua_source.changes(code))
        return
    if name == "access_log":
        yield ["off"]
    if arguments == ["off"] and name in _TURNED_ON:
        yield _TURNED_ON[name]
    for number, argument in enumerate(arguments):
        if _PLACE.fullmatch(argument):
            continue
        rest = arguments[number + 1 :]
        for other in dict.fromkeys(_others(name, argument, file)):
            if other not in arguments:
                yield [*arguments[:number], other, *rest]
        if len(arguments) > 1:
            yield [*arguments[:number], *rest]


def _others(name: str, argument: str, file: list[Directive]) -> Iterator[str]:
    if found := _NUMBER.fullmatch(argument):
        before, number, unit = found[1] or "", int(found[2]), found[3]
        more = () if unit else (number + 1,)
        yield from (f"{before}{each}{unit}" for each in (0, number // 2, number * 2, *more))
        return
    if argument in {"on", "off"} and name not in _TURNED_ON:
        yield "off" if argument == "on" else "on"
        return
    if argument in _VERSIONS:
        yield from _VERSIONS
    yield from (argument[: each.start()] + argument[each.end() :] for each in re.finditer(r"\$\w+", argument))
    if name == "log_format":
        return
    if re.fullmatch(r"\$\w+", argument):
        yield from _variables(file, name)
    yield from _other_servers(argument, file)
    if _NAME.fullmatch(argument) and argument not in {"on", "off"} and name not in _OPTIONS:
        yield f"{argument}x"


def _variables(file: list[Directive], name: str) -> Iterator[str]:
    """Yield the variables that directives of a name have for an argument."""
    for path in _walk(file):
        if _name(_at(file, path)) == name:
            yield from (each for each in _at(file, path)["args"] if re.fullmatch(r"\$\w+", each))


def _other_servers(argument: str, file: list[Directive]) -> Iterator[str]:
    """Yield an address with the name of another upstream in it."""
    names = [_at(file, path)["args"][0] for path in _walk(file) if _name(_at(file, path)) == "upstream"]
    if found := re.match(r"https?://([\w-]+)", argument):
        yield from (argument[: found.start(1)] + name + argument[found.end(1) :] for name in names)


def _destinations(file: list[Directive], path: Steps) -> Iterator[Steps]:
    """Yield the blocks that a directive may move into: from a location its server, from a server its locations.

    Not a location that passes nothing on, for what is about passing on: to be there is to be nowhere.
    """
    around = path[:-1]
    if not around:
        return
    block = _at(file, around)
    if _name(block) == "location":
        yield around[:-1]
    elif _name(block) == "server" and "block" in block:
        passing_on = _name(_at(file, path)).startswith("proxy_")
        for number, each in enumerate(block["block"]):
            if _name(each) == "location" and (not passing_on or any(map(_passes_on, each["block"]))):
                yield *around, number


def _passes_on(directive: Directive) -> bool:
    return _name(directive) == "proxy_pass"


def _is_allowed(directive: Directive, context: tuple[str, ...]) -> bool:
    """Return whether nginx knows a directive at this place with so many arguments, as far as crossplane knows it."""
    end = "{" if "block" in directive else ";"
    try:
        analyzer.analyze(FILE, {**directive, "directive": _name(directive)}, end, context)
    except NgxParserDirectiveError:
        return False
    return True


def _context(file: list[Directive], path: Steps) -> tuple[str, ...]:
    """Return the blocks around a directive, as crossplane names them."""
    context: tuple[str, ...] = ()
    for length in range(1, len(path)):
        context = analyzer.enter_block_ctx(_at(file, path[:length]), context)
    return context


def _said(name: str, arguments: Sequence[str]) -> str:
    """Return arguments as they stand in the file."""
    if name.endswith(_LUA):
        return arguments[0].strip() or "nothing"
    line = crossplane.build([{"directive": name, "args": list(arguments)}])
    return str(line).removeprefix(f"{name} ").removesuffix(";")


def _drop(path: Steps, file: list[Directive]) -> None:
    del _block(file, path[:-1])[path[-1]]


def _give(path: Steps, arguments: list[str], file: list[Directive]) -> None:
    _at(file, path)["args"] = arguments


def _move(path: Steps, block: Steps, file: list[Directive]) -> None:
    into = _block(file, block)
    into.append(_block(file, path[:-1]).pop(path[-1]))


def _block(file: list[Directive], path: Steps) -> list[Directive]:
    """Return the directives of the block at a path, of the file for none."""
    return _at(file, path)["block"] if path else file


def _at(file: list[Directive], path: Steps) -> Directive:
    around = file
    for number in path[:-1]:
        around = around[number]["block"]
    return around[path[-1]]


def _name(directive: Directive) -> str:
    return str(directive["directive"]).removeprefix(_TLS)


def _names(file: list[Directive], path: Steps) -> list[str]:
    """Return a path in words: a directive by its first argument too, where its block has several of its name."""
    words = []
    for length in range(1, len(path) + 1):
        directive, beside = _at(file, path[:length]), _block(file, path[: length - 1])
        name = _name(directive)
        alike = sum(1 for each in beside if _name(each) == name) > 1
        first = directive["args"][0] if directive["args"] and (alike or "block" in directive) else ""
        words.append(f"{name} {first}".strip() or '""')
    return words
