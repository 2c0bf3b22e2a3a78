"""What runs the program of a part: a process of this machine, or a container."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path


class Runner(ABC):
    """Runs one program at a time, its output in the part's log."""

    data: Path
    """The folder, as the program sees it, that outlives it within the stack's life."""

    @abstractmethod
    async def start(self, program: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start a program, by its name, with these arguments and variables and nothing of the user's.

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
        """The id of the process that was started last, ``None`` before the first."""

    @abstractmethod
    def signal(self, number: int) -> None:
        """Send a signal: kill it, have it hang, or have it go on."""

    @property
    def image(self) -> str:
        """The digest of the image that the program is of, empty if it is of none."""
        return ""

    @abstractmethod
    def version(self, program: str) -> str:
        """Return what is known of a program's version from where it comes from, empty where that says nothing."""
