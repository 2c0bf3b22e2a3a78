"""Exceptions of checks, with what was expected and what was observed."""

from __future__ import annotations

from registry_conformance.judge.visible import visible


class Mismatch(AssertionError):  # noqa: N818 - a failed expectation, not an error of the suite
    """The deployment does not meet a requirement: ``expected`` and ``actual`` in words."""

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = visible(expected), visible(actual)
        super().__init__(f"expected {self.expected}\n     saw {self.actual}")

    def __reduce__(self) -> tuple[type[Mismatch], tuple[str, str]]:
        return (type(self), (self.expected, self.actual))


class PreconditionFailed(Mismatch):
    """A precondition of a check is not met: its own requirement cannot be judged."""


class NotAllowed(Mismatch):
    """A request or observation of a check is not possible on this target: nothing follows for its requirement."""
