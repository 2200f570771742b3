"""What runs beside the loop is over when it should be."""

from __future__ import annotations

import asyncio
import contextlib

from supervisor import faults


async def deaf(times: int, heard: list[int]) -> None:
    """Takes so many cancellations for nothing, as a `wait_for` does whose answer comes in the same moment."""
    while True:
        if len(heard) < times:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            heard.append(1)
        else:
            await asyncio.sleep(60)


async def ends_early() -> None:
    raise OSError("gone")


def test_a_task_that_swallows_its_cancellation_is_ended_all_the_same() -> None:
    """A supervisor that is told to leave leaves. Mutant killed: cancelled once."""

    async def scene() -> list[int]:
        heard: list[int] = []
        tasks = [asyncio.create_task(deaf(2, heard)), asyncio.create_task(ends_early())]
        await asyncio.sleep(0)
        await asyncio.wait_for(faults.ended(tasks), 10)
        assert all(task.done() for task in tasks)
        assert isinstance(tasks[1].exception(), OSError)
        return heard

    assert asyncio.run(scene()) == [1, 1]
