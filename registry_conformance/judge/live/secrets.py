"""Resolves the secrets of an environment; no message contains their values."""

from __future__ import annotations

import subprocess
from pathlib import Path

from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.environment.tables import Secret
from registry_conformance.judge.live.ini_file import IniError, ini_section
from registry_conformance.judge.live.unsendable import unsendable
from registry_conformance.judge.machine import variable
from registry_conformance.judge.report.redact import SHORTEST
from registry_conformance.judge.shown_name import is_shown_path, no_file, no_program, no_variable
from registry_conformance.judge.target.token import TooMuchError, output_of

PATIENCE = 30.0
"""Seconds that a command may take that prints a secret."""


def resolve(environment: EnvironmentFile, where: str, secret: Secret) -> str:
    """Return the secret at ``where`` in an environment; an ``EnvironmentFileError`` says how to supply it."""
    name = environment.at(where)
    value, source = _taken(environment, where, secret)
    value = value.strip()
    if not value:
        raise EnvironmentFileError(f"{name}: {source} is empty")
    if odd := unsendable(value):
        raise EnvironmentFileError(f"{name}: {source} holds no usable secret: it contains {odd}")
    if len(value) < SHORTEST:
        raise EnvironmentFileError(
            f"{name}: {source} holds no usable secret: one line of at least {SHORTEST} characters"
        )
    return value


def _taken(environment: EnvironmentFile, where: str, secret: Secret) -> tuple[str, str]:
    """Return what a source has, and the source in words."""
    if secret.variable is not None:
        found = variable(secret.variable)
        if found is None:
            raise EnvironmentFileError(f"{environment.at(f'{where}.variable')}: {no_variable(secret.variable)}")
        return found, f"the environment variable {secret.variable}"
    if secret.file is not None:
        return _of_file(environment, where, secret.file, secret.entry)
    assert secret.command is not None, "the environment has exactly one source"
    name, program = environment.at(f"{where}.command"), secret.command[0]
    try:
        code, printed = output_of(secret.command, PATIENCE)
    except subprocess.TimeoutExpired:
        raise EnvironmentFileError(
            f"{name}: the command {program} cannot be run: no answer after {PATIENCE:.0f} s"
        ) from None
    except TooMuchError:
        raise EnvironmentFileError(f"{name}: the command {program} prints more than any secret has") from None
    except (OSError, ValueError) as problem:
        raise EnvironmentFileError(f"{name}: {no_program(program, Path.cwd(), problem)}") from None
    if code:
        raise EnvironmentFileError(f"{name}: the command {program} ended with exit code {code}; run it by hand")
    return printed, f"the output of {program}"


def _of_file(environment: EnvironmentFile, where: str, path: str, entry: str | None) -> tuple[str, str]:
    name, file = environment.at(f"{where}.file"), environment.next_to(path)
    try:
        text = read_text(file)
    except (OSError, ValueError) as problem:
        if not is_shown_path(path, file):
            raise EnvironmentFileError(f"{name}: {no_file(path, file, 'the secret')}") from None
        reason = getattr(problem, "strerror", None) or "it is not UTF-8"
        raise EnvironmentFileError(f"{name}: the file {path} cannot be read: {reason}") from None
    if entry is None:
        return text, f"the file {path}"
    section, _, key = entry.partition(".")
    try:
        return ini_section(text, section)[key.lower()], f"the entry {entry} of the file {path}"
    except IniError as problem:
        raise EnvironmentFileError(f"{name}: the file {path}: {problem}") from None
    except KeyError:
        told = f"the file {path} has no entry {key} in [{section}]"
        raise EnvironmentFileError(f"{environment.at(f'{where}.entry')}: {told}") from None
