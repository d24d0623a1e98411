"""Threads for sources that wait on another machine, so that parsing and matching never stand behind a slow one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
WAITERS = 8

_threads = ThreadPoolExecutor(WAITERS, thread_name_prefix="source-wait")


async def apart(call: Callable[[], T], *, within: float, end: Callable[[], None]) -> T:
    """The result of a call that may wait for long, made in one of these threads. TimeoutError after `within` seconds.

    When nobody waits for it any more, `end` is called: it lets what the call waits for fail, and frees the thread.
    """
    try:
        async with asyncio.timeout(within):
            return await asyncio.get_running_loop().run_in_executor(_threads, call)
    except (TimeoutError, asyncio.CancelledError):
        end()
        raise
