"""What is said of an environment that cannot be used; apart from what reads its file, which most runs do not need."""

from __future__ import annotations


class EnvironmentFileError(ValueError):
    """An environment cannot be used; the message names file, line, what is wrong and what is allowed."""
