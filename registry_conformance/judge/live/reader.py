"""Finds and reads environment files; errors name the line."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.live.environment.access import KeyTable
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.environment.tables import Secret
from registry_conformance.judge.live.toml_lines import TomlError, Where, document_of, line_of
from registry_conformance.judge.locations import ENVIRONMENTS, ROOT
from registry_conformance.judge.suggestion import nearest, unknown
from registry_conformance.judge.target.policy import KNOWN

_SHOWN = 80
_HIDDEN = "not shown: it may be the secret itself"
_OF_TABLES = ("model_type", "dict_type", "list_type")
"""Errors for a text in place of a table or list, as a URL with a password, or a whole command line."""


def file_of(name: str) -> Path:
    """Return the file of a named environment; raise ``EnvironmentFileError`` that lists the existing ones."""
    file = ENVIRONMENTS / f"{name}.toml"
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or not file.is_file():
        told = unknown(name, names(), listing="ls suites/live/environments")
        raise EnvironmentFileError(f"--env={name}: {told}; a file of your own is given by --env-file=PATH")
    return file


def names() -> list[str]:
    """Return the names of the existing environments."""
    return sorted(each.stem for each in ENVIRONMENTS.glob("*.toml"))


def read(file: Path, requirements: Container[str] | None = None) -> EnvironmentFile:
    """Return the content of an environment file; raise ``EnvironmentFileError``, one line for each error.

    ``requirements`` are the existing ids, if the caller knows them.
    """
    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    try:
        text = read_text(file)
        document = document_of(text)
    except OSError as problem:
        raise EnvironmentFileError(f"{shown}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise EnvironmentFileError(f"{shown}: is not UTF-8") from problem
    except TomlError as problem:
        at = re.search(r"line (\d+)", str(problem))
        raise EnvironmentFileError(f"{shown}{f':{at[1]}' if at else ''}: is not TOML: {problem}") from problem
    try:
        environment = EnvironmentFile.model_validate(document)
    except ValidationError as problem:
        lines = [f"{shown}:{_error_line(text, each)}" for each in problem.errors(include_url=False)]
        raise EnvironmentFileError("\n".join(dict.fromkeys(lines))) from None
    if nameless := [f"{shown}:{line_of(text, where)}: {said}" for where, said in _nameless(environment)]:
        raise EnvironmentFileError("\n".join(nameless))
    for number, failure in enumerate(environment.expected_failures):
        if requirements is not None and failure.requirement not in requirements:
            line = line_of(text, ("expected_failures", number, "requirement"))
            said = f"{failure.requirement} is no requirement; docs/requirements.md has them all"
            raise EnvironmentFileError(f"{shown}:{line}: expected_failures.{number}.requirement: {said}")
    return environment.read_from(file, str(shown), text)


def _nameless(environment: EnvironmentFile) -> Iterator[tuple[Where, str]]:
    """Yield each door with an undefined policy."""
    known = (*KNOWN, *environment.policies)
    for name, door in environment.doors.items():
        if door.policy not in known:
            where = ("doors", name, "policy")
            yield where, f"{'.'.join(where)} cannot be {door.policy!r}; give one of {', '.join(known)}"


def _error_line(text: str, error: ErrorDetails) -> str:
    where = tuple(part for part in error["loc"] if part != "[key]")
    name = ".".join(str(part) for part in where) or "the file"
    line, kind = line_of(text, where), error["type"]
    if kind == "extra_forbidden":
        table = _model_at(where[:-1])
        near = nearest(str(where[-1]), table.model_fields)
        meant = f"; did you mean {' or '.join(near)}?" if near else "."
        return f"{line}: {name} is unknown{meant} Here may stand: {', '.join(table.model_fields)}"
    allowed = _allowed(where)
    if error["loc"][-1:] == ("[key]",) and kind == "literal_error":
        known = re.findall(r"'([^']+)'", str(error["ctx"]["expected"]))
        near = nearest(str(where[-1]), known)
        meant = f"; did you mean {' or '.join(near)}?" if near else "."
        return f"{line}: {name} is unknown{meant} Here may stand: {', '.join(known)}"
    if kind == "too_short":
        return f"{line}: {name} is empty; give {allowed}"
    if kind == "missing":
        return f"{line}: {name} is missing; give {allowed}"
    of_secrets = _model_at(where) in (Secret, KeyTable)
    if of_secrets and kind == "string_pattern_mismatch":
        return f"{line}: {name} has another form than it must; the text is {_HIDDEN}; give {allowed}"
    found = _clip(error.get("input"), secret=kind in _OF_TABLES or of_secrets)
    if kind == "less_than_equal":
        found += f", which is above {error['ctx']['le']:,.0f}"
    said = str(error["msg"]).removeprefix("Value error, ")
    what = f"is {said}" if kind == "value_error" else f"cannot be {found}"
    if kind == "value_error" and said.startswith(("exactly", "both", "all of")):
        what = f"needs {said}"
    return f"{line}: {name} {what}; give {allowed}"


def _clip(value: Any, *, secret: bool) -> str:
    """Return a value as the file might have it; the content of a table may be secret and is not shown."""
    if secret and isinstance(value, str):
        return f"a text, which is {_HIDDEN}"
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"


def _walk(where: Where) -> Iterator[tuple[type[BaseModel], str]]:
    """Yield each (table, field name) on the path to an entry."""
    model: type[BaseModel] = EnvironmentFile
    parts = [str(part) for part in where]
    while parts and parts[0] in model.model_fields:
        name = parts.pop(0)
        yield model, name
        inner = list(_models(model.model_fields[name].annotation))
        if not inner:
            return
        model = inner[0]
        if parts and parts[0] not in model.model_fields:
            parts.pop(0)  # a door's or role's name, or a number in an array


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)


def _model_at(where: Where) -> type[BaseModel]:
    model: type[BaseModel] = EnvironmentFile
    for table, name in _walk(where):
        model = next(_models(table.model_fields[name].annotation), model)
    return model


def _allowed(where: Where) -> str:
    told = "a table with description, access and doors"
    for table, name in _walk(where):
        told = table.model_fields[name].description or told
    return told
