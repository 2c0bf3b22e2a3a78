"""The paths and expressions that a run was given, and the portable checks that are added to the paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from registry_conformance.judge.locations import CHECKOUT, ROOT, SUITES, cache_folder

REAL_REGISTRATION = SUITES / "live" / "test_real_registration.py"
_PORTABLE = SUITES / "contract"
_TARGETED = (SUITES / "local", SUITES / "live")


def in_suites(*, cached: bool) -> list[str]:
    """Return the pytest options that find the suites from any folder, installed or not.

    pytest's cache, if used, is outside an installation.
    """
    options = ["-c", str(ROOT / "pytest.ini"), "--rootdir", str(ROOT)]
    if not cached:
        return [*options, "-p", "no:cacheprovider"]
    return options if CHECKOUT else [*options, "-o", f"cache_dir={cache_folder() / 'pytest'}"]


def judges(config: pytest.Config) -> bool:
    """Return whether the run was given a path under ``suites/``."""
    return any(path.is_relative_to(SUITES) for path in _paths(config))


def add_portable(config: pytest.Config) -> None:
    """Add ``suites/contract`` to a run of the whole ``suites/local`` or ``suites/live``.

    Raises ``pytest.UsageError`` for a missing path, which xdist's workers would not report.
    """
    paths = _paths(config)
    if missing := [str(path) for path in paths if not path.exists()]:
        raise pytest.UsageError(f"file or directory not found: {missing[0]}")
    if any(path in _TARGETED for path in paths) and _PORTABLE.is_dir() and not {_PORTABLE, SUITES} & set(paths):
        config.args.insert(0, str(_PORTABLE))


def refuse_unreadable_expressions(config: pytest.Config) -> None:
    """Raise ``pytest.UsageError`` if ``-k`` or ``-m`` cannot be read: pytest itself says so after the start."""
    for option, expression in (("-k", config.option.keyword), ("-m", config.option.markexpr)):
        try:
            Expression.compile(expression or "a")
        except SyntaxError as problem:
            raise pytest.UsageError(f"{option} {expression}: cannot be read as an expression: {problem.msg}") from None


def whole(config: pytest.Config) -> bool:
    """Return whether a run has all checks of its suites: no single file, no selection."""
    option = config.option
    chosen = (option.keyword, option.markexpr, getattr(option, "lf", False), option.deselect, option.maxfail)
    ignored = (option.ignore, option.ignore_glob)
    return not any((*chosen, *ignored)) and any(
        path in (*_TARGETED, SUITES, SUITES / "load") for path in _paths(config)
    )


def only(config: pytest.Config, file: Path) -> bool:
    """Return whether the run was given checks of one file only."""
    return set(_paths(config)) == {file}


def registers_on_own_stack(config: pytest.Config) -> bool:
    """Return whether the run is one real registration on a local stack that was named for it."""
    return only(config, REAL_REGISTRATION) and config.option.stack != "auto"


def is_live(config: pytest.Config) -> bool:
    """Return whether the run was given checks of ``suites/live``."""
    return any(path.is_relative_to(SUITES / "live") for path in _paths(config))


def is_load(config: pytest.Config) -> bool:
    """Return whether the run was given only checks of ``suites/load``."""
    paths = _paths(config)
    return bool(paths) and all(path.is_relative_to(SUITES / "load") for path in paths)


def is_local(config: pytest.Config) -> bool:
    """Return whether the run was given checks of ``suites/local``, which need a stack."""
    return any(path.is_relative_to(SUITES / "local") for path in _paths(config))


def _paths(config: pytest.Config) -> list[Path]:
    return [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
