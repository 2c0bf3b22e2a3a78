"""Mutants of a configuration tree: statements dropped, inverted or moved, numbers and names changed."""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import yaml

from registry_conformance.judge.locations import DOCKER
from registry_conformance.proof.mutants.families import header_tokens
from registry_conformance.proof.mutants.mutant import Late, Mutant, difference

FILES = ("listeners.yaml", "routes.yaml", "clusters.yaml", "envoy.yaml")
"""The proxy's files, as they are shipped."""
_WORDS = (
    ("REJECT_REQUEST", "KEEP_UNCHANGED", "UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD"),
    ("DROP_HEADER", "ALLOW"),
    ("PASS_THROUGH", "OVERWRITE", "APPEND_IF_ABSENT"),
    ("OVERWRITE_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "APPEND_IF_EXISTS_OR_ADD"),
    ("EQ", "GE", "LE"),
    ("TLSv1_2", "TLSv1_3"),
    ("mlflow", "mlflow-bytes", "auth"),
    ("ServiceUnavailable", "Forbidden", "OK"),
)
"""Words that may replace each other."""
_OURS = ("@type", "version_info", "address", "filename", "path", "stat_prefix", "runtime_key")
"""Names of statements that the stack fills in, or that name a form and do nothing."""
_ORDERED = ("routes", "http_filters", "mappers", "patterns", "request_mutations", "filters")
"""Names of lists in which the order has a meaning."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)s")

_ROUTES = {
    "artifacts": "artifact-file",
    "get-artifact": "get-artifact",
    "multipart": "upload-parts",
    "presigned": "presigned",
    "graphql": "graphql",
    "health": "health",
    "version": "version",
}
"""Route -> the family of its requests."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")

Path = tuple[str | int, ...]


def mutants() -> Iterator[Mutant]:
    """Yield the mutants of every statement of every file, in their order."""
    for name in FILES:
        document = yaml.safe_load((DOCKER / "proxy" / name).read_text(encoding="utf-8"))
        for path, how, changed in _changes(document):
            place = f"docker/proxy/{name}:{_named(document, path)}"
            text = partial(_text, document, path, changed)
            touched = header_tokens(f"{place} {how}") | _asked(place)
            yield Mutant("proxy", "statement", place, how, Late(f"proxy/{name}", text), touched)


def _asked(place: str) -> frozenset[str]:
    """Return the requests that a statement of a route is about, as tokens."""
    route = next((word for before, word in itertools.pairwise(place.split("/")) if before == "routes"), "")
    return frozenset(f"proxy {method} {_ROUTES[route]}" for method in _METHODS) if route in _ROUTES else frozenset()


def _text(document: Any, path: Path, changed: Any) -> str:
    fresh = json.loads(json.dumps(document))  # anchors become copies: one place is changed, not all that share it
    holder = fresh
    for step in path[:-1]:
        holder = holder[step]
    if changed is DROPPED:
        del holder[path[-1]]
    elif isinstance(changed, _Moved):
        here, there = path[-1], changed.to
        holder[here], holder[there] = holder[there], holder[here]
    else:
        holder[path[-1]] = copy.deepcopy(changed)
    return json.dumps(fresh, indent=1)


class _Moved:
    """The statement changes places with the one at another index of its list."""

    def __init__(self, to: int) -> None:
        self.to = to


DROPPED = object()
"""What a statement becomes that is taken away."""


def _changes(document: Any) -> Iterator[tuple[Path, str, Any]]:
    """Yield (path, how, new value) for every change of every statement of a document."""
    for path, value in _walk(document, ()):
        name = path[-1]
        yield path, "dropped", DROPPED
        if isinstance(name, int) and path[-2] in _ORDERED:
            siblings = document
            for step in path[:-1]:
                siblings = siblings[step]
            if name + 1 < len(siblings):
                yield path, "moved behind the next one", _Moved(name + 1)
        for other in _others(value):
            yield path, difference(json.dumps(value), json.dumps(other)), other


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    for name, each in _members(value):
        if name not in _OURS:
            yield (*path, name), each
            yield from _walk(each, (*path, name))


def _members(value: Any) -> Iterable[tuple[Any, Any]]:
    """Return the members of a table or a list, each under its name or index."""
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _others(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from dict.fromkeys(each for each in (0, value // 2, value * 2, value + 1) if each != value)
    elif isinstance(value, str):
        yield from _other_texts(value)


def _other_texts(value: str) -> Iterator[str]:
    if found := _DURATION.fullmatch(value):
        seconds = float(found[1])
        yield from (f"{each:g}s" for each in (0.0, seconds / 2, seconds * 2) if each != seconds)
        return
    group = next((words for words in _WORDS if value in words), None)
    if group:
        yield from (word for word in group if word != value)
        return
    yield from _without_an_alternative(value)
    for found in re.finditer(r"[.)\]]([*+?])", value):
        start, end = found.span(1)
        others = {"*": "+", "+": "*", "?": ""}
        yield value[:start] + others[found[1]] + value[end:]
    if re.fullmatch(r"[\w.-]+", value):
        yield f"{value}x"


def _without_an_alternative(value: str) -> Iterator[str]:
    """Yield a text without one of its alternatives: ``(?:a|b)``, ``a|b`` or ``a,b``."""
    for group in re.finditer(r"\((\?:)?([^()]*\|[^()]*)\)", value):
        parts = group[2].split("|")
        for left in range(len(parts)):
            kept = "|".join(part for number, part in enumerate(parts) if number != left)
            yield value[: group.start(2)] + kept + value[group.end(2) :]
    if re.fullmatch(r"[\w-]+(?:([|,])[\w-]+)(?:\1[\w-]+)*", value):
        mark = "|" if "|" in value else ","
        parts = value.split(mark)
        for dropped in parts:
            yield mark.join(part for part in parts if part != dropped)


def _named(document: Any, path: Path) -> str:
    """Return a path in words: items of lists by their names, where they have one."""
    words, value = [], document
    for step in path:
        value = value[step]
        name = value.get("name") if isinstance(value, dict) and isinstance(step, int) else None
        words.append(str(name or step) if step not in ("resources", "virtual_hosts", "typed_config") else "")
    return "/".join(word for word in words if word)
