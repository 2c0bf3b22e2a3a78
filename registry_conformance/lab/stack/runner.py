"""What runs the program of a part: a local process, or a container."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path


class Runner(ABC):
    """Runs one program at a time, with its output in the part's log."""

    data: Path
    """The folder, as the program sees it, that outlives it within the stack's life."""

    @abstractmethod
    async def start(self, program: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start a program by its name, with these arguments and variables and nothing of the user's environment.

        Raises ``OSError`` if it cannot be started.
        """

    @abstractmethod
    async def stop(self) -> None:
        """End the program; calling it twice is harmless."""

    @abstractmethod
    def is_alive(self) -> bool:
        """Return whether the program runs."""

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """The id of the process that was started last, ``None`` before the first start."""

    @abstractmethod
    def signal(self, number: int) -> None:
        """Send a signal: kill, stop or continue."""

    @property
    def image(self) -> str:
        """The digest of the program's image, empty if it has none."""
        return ""

    @abstractmethod
    def version(self, program: str) -> str:
        """Return a program's version as far as its origin tells it, else empty."""
