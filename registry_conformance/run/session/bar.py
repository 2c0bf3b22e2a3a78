"""The progress bar of a run in a terminal, drawn by Rich below the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress


class Bar:
    """A progress bar with a line of text; drawn from the first ``show`` on, without a thread of its own.

    Rich honours ``NO_COLOR``, and draws nothing in a terminal that cannot move its cursor. Only colours and one
    rewritten line are sent to it; other control sequences are escaped by the stream.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._drawn: RichProgress | None = None

    def show(self, done: int, total: int, words: str) -> None:
        """Draw the progress."""
        drawn = self._drawing()
        drawn.update(drawn.task_ids[0], completed=done, total=total, description=words, refresh=True)

    def say(self, text: str, *, red: bool = False) -> None:
        """Print lines above the bar, unchanged."""
        self._drawing().console.print(text, style="red" if red else "", markup=False, highlight=False, emoji=False)

    def end(self) -> None:
        """Remove the bar."""
        if self._drawn is not None:
            self._drawn.update(self._drawn.task_ids[0], visible=False, refresh=True)
            self._drawn.stop()
            self._drawn = None

    def _drawing(self) -> RichProgress:
        if self._drawn is None:
            from rich.console import Console  # noqa: PLC0415 - a tenth of a second, due on terminals alone
            from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - as above

            class WithItsCursor(Console):
                def show_cursor(self, show: bool = True) -> bool:
                    """Leave the cursor as it is."""
                    return show

            self._drawn = Progress(
                BarColumn(bar_width=20),
                TextColumn("{task.description}", markup=False),
                console=WithItsCursor(file=self._file),
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._drawn.add_task("", total=1)
            self._drawn.start()
        return self._drawn
