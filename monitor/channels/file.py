"""Kind `file`: notices appended to a JSONL file, one a line, for drop folders and tests."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

from monitor.channels.channel import Channel, Refused, Retry
from monitor.channels.payload import standard
from monitor.http import Http
from monitor.model import Notice, Receipt, Target


class File(Channel, frozen=True, kw_only=True, tag="file", tag_field="kind"):
    """`path`: the file that is appended to; its folder must exist."""

    path: str

    async def send(self, notice: Notice, target: Target, http: Http, now: float) -> Receipt:
        """Appends one line and has the disk confirm it."""
        line = self.body(notice, target)
        try:
            async with asyncio.timeout(self.timeout):
                await asyncio.to_thread(_append, Path(self.path), line)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            raise Refused(f"{self.path}: {error.strerror}", code=type(error).__name__) from None
        except TimeoutError:
            raise Retry(f"{self.path}: the disk did not answer within {self.timeout:g} s", sent=True) from None
        except OSError as error:
            raise Retry(f"{self.path}: {error.strerror}", code=type(error).__name__) from None
        return Receipt(answer=f"{self.path}: {len(line)} bytes")

    def body(self, notice: Notice, target: Target) -> bytes:
        """The line: what the webhook sends, with the key and whom it is for."""
        return msgspec.json.encode({"key": notice.key, "to": target.person, **standard(notice)}) + b"\n"


def _append(path: Path, line: bytes) -> None:
    """One write at the end: lines of several writers never mix. A broken line of a killed one is closed first."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        _write(handle, b"\n" + line if torn else line)
        os.fsync(handle)
    finally:
        os.close(handle)
    if size == 0:
        _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """A new file is kept over a power cut only when its folder is written too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(handle: int, line: bytes) -> None:
    while line:
        line = line[os.write(handle, line) :]
