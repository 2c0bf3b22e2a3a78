"""The error for an unusable environment; separate from the reader, which most runs do not need."""

from __future__ import annotations


class EnvironmentFileError(ValueError):
    """An environment cannot be used; the message names file, line, error, and what is allowed."""
