"""uvicorn's WebSocket protocol, but a client that takes nothing is dropped and not waited for.

When our side is done with a socket uvicorn closes the transport, and asyncio first sends what still lies in the buffer.
A frozen client never takes it (its kernel goes on answering the probes of a full window), so socket, buffer and file
descriptor would stay for ever.
"""

import socket
import struct

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_NO_LINGER = struct.pack("ii", 1, 0)  # struct linger of socket(7): on, 0 s; the kernel, too, forgets what is unsent


class DroppingProtocol(WebSocketsSansIOProtocol):
    """Ends a connection at once if at its end the client is not taking what it was sent."""

    async def run_asgi(self) -> None:
        """Run the application for one socket."""
        await super().run_asgi()
        if not self.writable.is_set():
            end: socket.socket = self.transport.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.transport.abort()
