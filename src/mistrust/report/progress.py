"""How far the solving has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@dataclass(frozen=True)
class Watch:
    """A bar that is told how many games are done, of how many."""

    bar: Progress

    def __call__(self, done: int, total: int) -> None:
        """Show it, with the rate."""
        (task,) = self.bar.tasks
        rate = f"{task.speed:.1f}/s" if task.speed else ""
        self.bar.update(task.id, completed=done, total=total, rate=rate)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Out of the way of something printed."""
        self.bar.stop()
        yield
        self.bar.start()


@contextmanager
def watched(console: Console) -> Iterator[Watch]:
    """A bar with the rate and the time left; silent where nobody watches."""
    columns = (
        TextColumn("solving"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("games"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    silent = not console.file.isatty()
    with Progress(*columns, console=console, disable=silent, transient=True) as bar:
        bar.add_task("", total=None, rate="")
        yield Watch(bar)
