"""The other side of a webhook: writes each POST with its time into a log, and answers as it is told.

One JSON line a request: {"t","code","key","ids","alerts"}. `t` is when the whole body had been read, before any delay.
`POST /_control {"status":503,"delay":2.0}` changes how it answers. Only the standard library; 127.0.0.1 only.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any


class Receiver:
    """What it answers, and where it writes."""

    def __init__(self, log: Path) -> None:
        self.status, self.delay = 200, 0.0
        self._log = log.open("a", buffering=1, encoding="utf-8")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        try:
            while True:
                path, headers, body = await _request(reader)
                code = await self._take(path, headers, body)
                writer.write(
                    f"HTTP/1.1 {code} -\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}".encode()
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        at = time.time()
        if path == "/_control":
            told = json.loads(body or b"{}")
            self.status, self.delay = told.get("status", self.status), told.get("delay", self.delay)
            return 200
        code = self.status
        if self.delay:
            await asyncio.sleep(self.delay)
        self._log.write(
            json.dumps({"t": at, "code": code, "key": headers.get("idempotency-key", ""), **_told(body)}) + "\n"
        )
        return code


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return lines[0].split(" ")[1], headers, await _chunked(reader)
    return lines[0].split(" ")[1], headers, await reader.readexactly(int(headers.get("content-length", 0)))


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).strip() or b"0", 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def _told(body: bytes) -> dict[str, Any]:
    """The alerts of Alertmanager's webhook form; `ids` = the events of the firing ones."""
    try:
        alerts = json.loads(body).get("alerts", [])
    except (ValueError, AttributeError):
        return {"ids": [], "alerts": []}
    firing = [a["labels"] for a in alerts if a.get("status") == "firing"]
    ids = [labels["event_id"] for labels in firing if "event_id" in labels]
    return {"ids": ids, "alerts": [{"status": a.get("status"), "labels": a["labels"]} for a in alerts]}


async def _main(port: int, log: Path) -> None:
    receiver = Receiver(log)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port, limit=1 << 26, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), Path(sys.argv[2])))
