"""A link between a process and a server, that can be bad: held, reset, slow, late, refused.

One thread and one event loop serve all links. Bytes pass in both directions until told otherwise.
"""

import asyncio
import socket
import struct
import threading
from concurrent.futures import Future

from chassis import servers

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST instead of FIN


class _Loop:
    """The thread that all links share; it ends with the test run."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="links", daemon=True).start()

    def run(self, coroutine):
        future: Future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(10)


_shared: list[_Loop] = []


def _loop() -> _Loop:
    if not _shared:
        _shared.append(_Loop())
    return _shared[0]


class Link:
    """Listens on 127.0.0.1 and passes on to a server: `(host, port)`, or the path of a Unix socket."""

    def __init__(self, to: tuple[str, int] | str):
        self.to, self.port = to, servers.free_port()
        self.drip = 0.0  # seconds for each byte
        self.delay = 0.0  # seconds before each piece
        self.passed = 0  # bytes
        self.accepted = 0  # connections
        self.stranded: set[asyncio.StreamWriter] = set()
        self.pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self.flows = asyncio.Event()
        self.flows.set()
        self.tasks: set[asyncio.Task] = set()
        self.server = _loop().run(asyncio.start_server(self._serve, "127.0.0.1", self.port))

    # ── weather ──────────────────────────────────────────────────────────────────────────────────────────────────

    def hold(self) -> None:
        """Nothing passes, and nobody is told: a half-open connection, as both ends see it."""
        _loop().loop.call_soon_threadsafe(self.flows.clear)

    def release(self) -> None:
        _loop().loop.call_soon_threadsafe(self.flows.set)

    def reset(self) -> int:
        """Both ends of each connection are told RST. → how many connections there were"""
        return _loop().run(self._reset())

    def strand(self) -> int:
        """The connections of now are dead, and nobody is told; new ones pass. → how many were ever made"""
        self.stranded.update(writer for pair in self.pairs for writer in pair)
        return self.accepted

    def clear(self) -> None:
        """Fine weather again."""
        self.drip = self.delay = 0.0
        self.release()

    def slow(self, seconds_a_byte: float) -> None:
        self.drip = seconds_a_byte

    def late(self, seconds: float) -> None:
        self.delay = seconds

    def close(self) -> None:
        _loop().run(self._close())

    # ── passing on ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _serve(self, reader, writer) -> None:
        try:
            connecting = asyncio.open_unix_connection if isinstance(self.to, str) else asyncio.open_connection
            there = await connecting(*([self.to] if isinstance(self.to, str) else self.to))
        except OSError:
            writer.transport.abort()
            return
        self.accepted += 1
        pair = (writer, there[1])
        self.pairs.add(pair)
        ways = [
            asyncio.ensure_future(self._pass(reader, there[1])),
            asyncio.ensure_future(self._pass(there[0], writer)),
        ]
        self.tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self.tasks.difference_update(ways)
        self.pairs.discard(pair)
        for each in pair:
            self.stranded.discard(each)
            each.close()

    async def _pass(self, reader, writer) -> None:
        while True:
            try:
                piece = await reader.read(CHUNK)
                await self._weather(piece)
                if not piece:
                    return
                if writer in self.stranded:
                    continue
                for part in [piece] if not self.drip else [piece[at : at + 1] for at in range(len(piece))]:
                    await self.flows.wait()
                    writer.write(part)
                    await writer.drain()
                    self.passed += len(part)
                    if self.drip:
                        await asyncio.sleep(self.drip)
            except (OSError, asyncio.IncompleteReadError):
                return

    async def _weather(self, piece: bytes) -> None:
        await self.flows.wait()
        if self.delay and piece:
            await asyncio.sleep(self.delay)

    async def _reset(self) -> int:
        pairs = list(self.pairs)
        for pair in pairs:
            for each in pair:
                plug = each.get_extra_info("socket")
                if plug.family == socket.AF_INET:
                    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                each.transport.abort()
        self.pairs.clear()
        return len(pairs)

    async def _close(self) -> None:
        self.server.close()
        self.flows.set()
        await self._reset()
        for task in list(self.tasks):
            task.cancel()
