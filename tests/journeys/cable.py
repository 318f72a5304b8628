"""The network between a browser and the service, as a cable that a walk can pull out and put back."""

import asyncio
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit


class Cable:
    """An address of its own that leads to the service while it is plugged in; pulled out, nobody answers there.

    `swap` changes bytes that come from the service into others of the same length, as a later release would.
    """

    def __init__(self, address: str) -> None:
        self._port = urlsplit(address).port
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self._own_port = 0
        self.swap: tuple[bytes, bytes] = (b"", b"")

    @property
    def address(self) -> str:
        """What a browser opens."""
        return f"http://127.0.0.1:{self._own_port}"

    async def plug_in(self) -> None:
        """Let everything through."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._own_port)
        self._own_port = self._server.sockets[0].getsockname()[1]

    async def pull(self) -> None:
        """End every connection; new ones are refused."""
        if self._server:
            self._server.close()
        for line in list(self._lines):
            line.close()
        self._server = None

    async def __aenter__(self) -> "Cable":
        await self.plug_in()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.pull()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._lines |= {writer, there_writer}
            await asyncio.gather(
                self._copy(reader, there_writer, (b"", b"")), self._copy(there_reader, writer, self.swap)
            )

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, swap: tuple[bytes, bytes]
    ) -> None:
        old, new = swap
        with suppress(OSError):
            while data := await source.read(65_536):
                target.write(data.replace(old, new) if old else data)
                await target.drain()
        target.close()
        self._lines.discard(target)
