"""Names of variables, files and programs for messages: what a user wrote there by mistake may be the secret itself."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

_LONGEST_NAME = 80
_WORD = re.compile(r"(?!.{17})[A-Z]*\d{0,4}[A-Z]{0,2}")
"""A word of a variable's name, as STAGING, S3 or K8S; keys are longer, or have digits in between."""
_PATH = re.compile(r"[\w./~-]{1,200}\.(?:cer|conf|crt|ini|json|key|log|p12|pem|txt|toml|yaml|yml)", re.ASCII)
"""A path with a usual ending, which no secret has."""

_HIDDEN = "which is not shown: it may be the secret itself"


def no_variable(name: str) -> str:
    """Return the message for an environment variable that is not set; its name is shown if it can only be a name."""
    if _is_variable(name):
        return f"the environment variable {name} is not set; set it to the secret"
    return (
        f"no environment variable has the name that stands there, {_HIDDEN}; give the name of a variable, "
        "as REGISTRY_WRITER_KEY, and set that to the secret"
    )


def no_file(path: str, file: Path, holds: str) -> str:
    """Return the message for a file that is not there; ``file`` is where ``path`` leads, ``holds`` its content."""
    if is_shown_path(path, file):
        return f"there is no file {path}"
    return f"there is no file of the name that stands there, {_HIDDEN}; give the path of a file that holds {holds}"


def no_program(program: str, folder: Path, problem: OSError | ValueError) -> str:
    """Return the message for a program that could not be run in ``folder``; its name is shown if it is there."""
    if shutil.which(program) or _exists(folder / program):
        return f"the command {program} cannot be run: {_reason(problem)}"
    return (
        f"the command cannot be run: no program has the name that stands there, {_HIDDEN}; "
        "give a program and its arguments"
    )


def is_shown_path(path: str, file: Path) -> bool:
    """Return whether a path may be shown: something is there, or it ends as no secret does."""
    return _exists(file) or _PATH.fullmatch(path) is not None


def _is_variable(name: str) -> bool:
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) or len(name) > _LONGEST_NAME:
        return False
    return all(_WORD.fullmatch(word) for word in name.split("_"))


def _reason(problem: OSError | ValueError) -> str:
    if isinstance(problem, OSError):
        return problem.strerror or type(problem).__name__
    return "its output is not UTF-8" if isinstance(problem, UnicodeDecodeError) else "its arguments hold a null byte"


def _exists(file: Path) -> bool:
    return os.path.exists(file)  # noqa: PTH110 - unlike Path.exists false for a name that no file can have
