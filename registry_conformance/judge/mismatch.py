"""The failures that say what was expected and what was seen."""

from __future__ import annotations

from registry_conformance.judge.visible import visible


class Mismatch(AssertionError):  # noqa: N818 - a failed expectation, not an error of the suite
    """The deployment does not do what a requirement says: ``expected`` and ``actual`` in words."""

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = visible(expected), visible(actual)
        super().__init__(f"expected {self.expected}\n     saw {self.actual}")

    def __reduce__(self) -> tuple[type[Mismatch], tuple[str, str]]:
        return (type(self), (self.expected, self.actual))


class PreconditionFailed(Mismatch):
    """What a check stands on is missing: its own requirement cannot be judged."""


class NotAllowed(Mismatch):
    """What a check wants to send or see is not to be had at this target: nothing is said of its requirement."""
