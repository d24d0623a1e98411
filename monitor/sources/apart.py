"""Threads for sources that wait on another machine, so that parsing and matching never stand behind a slow one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")
WAITERS = 8

_threads = ThreadPoolExecutor(WAITERS, thread_name_prefix="source-wait")


async def apart(call: Callable[..., T], *args: Any) -> T:
    """The result of a call that may wait for long, made in one of these threads."""
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(call, *args))
