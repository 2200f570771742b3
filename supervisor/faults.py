"""What nobody foresaw, told to the journal: by operations, by what runs beside the loop, by asyncio. Mends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from board.fault import what, where

if TYPE_CHECKING:
    from supervisor.tools import Tools


AGAIN: Final = 0.2  # seconds until a task that goes on is cancelled once more
LAST: Final = 3.0  # seconds for what is under way when we are told to leave

T = TypeVar("T")


def note(tools: Tools, error: BaseException, task: str | None = None) -> None:
    tools.tell("internal_error_seen", task, problem=what(error), where=where(error.__traceback__))


@contextmanager
def noted(tools: Tools) -> Iterator[None]:
    """Whatever leaves it is told, and goes on."""
    try:
        yield
    except Exception as error:
        note(tools, error)
        raise


def over(tools: Tools, task: asyncio.Task[None]) -> None:
    """For a task that should have gone on: with what it ended, if anything."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        note(tools, error)


async def ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancels them until all are over. Once is not enough: before Python 3.12 `asyncio.wait_for` swallows a
    cancellation that comes in the moment of its answer (its source: a future that is done gives its result)."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for each in pending:
            each.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN)


async def finished(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Lets them end by themselves for some seconds, and cancels what goes on, however often that is asked of us
    meanwhile."""
    many = [*tasks]

    async def end() -> None:
        if many:
            await asyncio.wait(many, timeout=LAST)
        await ended(many)

    await whole(end())


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """To its own end, which must be near: whoever cancels this meanwhile is not heard."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()


def listen(loop: asyncio.AbstractEventLoop, tell: Callable[[BaseException], object]) -> None:
    """What asyncio can't raise anywhere is told by its exception alone: its own words hold whatever was passed on."""

    def heard(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        message = str(context.get("message", "")).partition(" callback ")[0]
        tell(error if isinstance(error, BaseException) else RuntimeError(message))

    loop.set_exception_handler(heard)
