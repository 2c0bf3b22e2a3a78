"""The expectations of checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.mismatch import Mismatch, NotAllowed, PreconditionFailed

__all__ = [
    "Mismatch",
    "NotAllowed",
    "PreconditionFailed",
    "expect_at_least",
    "expect_each_refused",
    "expect_equal",
    "expect_json_error",
    "expect_refused",
    "expect_status",
    "expect_within",
    "expect_within_limit",
    "require",
    "require_any",
]

T = TypeVar("T")


def require(exchange: Exchange, *statuses: int) -> Exchange:
    """Return the exchange if it has one of ``statuses`` and a complete body; raise ``PreconditionFailed`` otherwise.

    For preparations and positive controls; the subject of a check uses the other functions.
    """
    if exchange.status not in statuses or exchange.error:
        raise PreconditionFailed(f"status {_one_of(statuses)}, on which this check stands", _seen(exchange))
    return replace(exchange, premise=True)


def require_any(found: Sequence[T], what: str) -> Sequence[T]:
    """Return ``what`` if it is not empty; raise ``PreconditionFailed`` otherwise."""
    if not found:
        raise PreconditionFailed(f"{what}, on which this check stands", "none")
    return found


def expect_status(exchange: Exchange, *statuses: int) -> Exchange:
    """Expect one of ``statuses`` and a complete response; return the exchange."""
    if exchange.status not in statuses or exchange.error:
        raise Mismatch(f"status {_one_of(statuses)}", _seen(exchange))
    return exchange


def expect_refused(exchange: Exchange, status: int, error_code: str | None = None) -> Exchange:
    """Expect a rejection in MLflow's error form, with that status and error code; return the exchange."""
    wanted = f"a refusal with status {status}" + (f" and error_code {error_code}" if error_code else "")
    if exchange.status != status:
        raise Mismatch(wanted, _seen(exchange))
    expect_json_error(exchange, status)
    if error_code is not None and exchange.error_code != error_code:
        raise Mismatch(wanted, _seen(exchange))
    return exchange


def expect_each_refused(exchanges: Iterable[Exchange], status: int) -> list[Exchange]:
    """Expect every exchange to be a rejection with that status; return them."""
    return [expect_refused(each, status) for each in exchanges]


def expect_json_error(exchange: Exchange, status: int) -> Exchange:
    """Expect an error as MLflow clients read it: JSON with ``error_code`` and ``message``; return the exchange."""
    document = exchange.json()
    wanted = f"status {status} as application/json with error_code and message"
    whole = isinstance(document, dict) and document.get("error_code") and document.get("message")
    if exchange.status != status or exchange.content_type != "application/json" or not whole:
        raise Mismatch(wanted, _seen(exchange))
    return exchange


def expect_equal(actual: T, expected: T, what: str) -> T:
    """Expect two values to be equal; ``what`` names them in the failure."""
    if actual != expected:
        raise Mismatch(f"{what}: {expected!r}", f"{what}: {actual!r}{_difference(actual, expected)}")
    return actual


def expect_within(part: Iterable[T], whole: Iterable[T], what: str) -> None:
    """Expect every item of ``part`` to be in ``whole``; ``what`` names the items in the failure."""
    known = list(whole)
    missing = [item for item in part if item not in known]
    if missing:
        raise Mismatch(f"{what} {missing!r}", f"only {known!r}")


def expect_within_limit(actual: float, most: float, what: str) -> None:
    """Expect a number to be at most ``most``; ``what`` names it in the failure."""
    if actual > most:
        raise Mismatch(f"{what}: at most {most:g}", f"{what}: {actual:.3g}")


def expect_at_least(actual: float, least: float, what: str) -> None:
    """Expect a number to be at least ``least``; ``what`` names it in the failure."""
    if actual < least:
        raise Mismatch(f"{what}: at least {least:g}", f"{what}: {actual:.3g}")


def _one_of(statuses: tuple[int, ...]) -> str:
    return " or ".join(map(str, statuses))


def _seen(exchange: Exchange) -> str:
    text = " ".join(exchange.text.split())[:300] if "text" in exchange.content_type or exchange.json() else ""
    return f"{exchange}" + (f": {text}" if text else "")


def _difference(actual: object, expected: object) -> str:
    if not isinstance(actual, dict) or not isinstance(expected, dict):
        return ""
    missing = sorted(set(expected) - set(actual))
    extra = sorted(set(actual) - set(expected))
    changed = sorted(key for key in set(actual) & set(expected) if actual[key] != expected[key])
    return f" (missing {missing}, extra {extra}, different {changed})"
