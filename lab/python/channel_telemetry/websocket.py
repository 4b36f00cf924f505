"""A `websockets` connection that tells its channel of the handshake, of pings and pongs, and of its end."""

import base64
import binascii
import errno
import socket
import ssl
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.protocol import Event, State

from .channel import ChannelEnd
from .frames import Frame
from .recorder import Writing

# Longer payloads are cut, as the shim does: both ends must make the same id.
PAYLOAD_BYTES_MAX = 32

ABNORMAL = 1006  # RFC 6455, section 7.4.1: the connection ended without a close frame

UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL)


async def dial(url: str, channel: ChannelEnd, open_timeout_s: float) -> "WatchedConnection | None":
    """Connects. None where the attempt failed, which the channel has then told."""
    watched: list[WatchedConnection] = []

    def create(*args: Any, **kwargs: Any) -> WatchedConnection:
        watched.append(WatchedConnection(channel, *args, **kwargs))
        return watched[-1]

    try:
        connection = await connect(
            url,
            create_connection=create,  # type: ignore[arg-type]  # it is only called
            write_limit=0,  # `send` returns once nothing is buffered: a write that has ended is written
            ping_interval=None,  # the server pings
            open_timeout=open_timeout_s,
            compression=None,
            proxy=None,
        )
    except (OSError, WebSocketException) as error:
        reached = "upgrade" if any(connection.made for connection in watched) else "tcp"
        channel.failed(*failure(error, reached))
        return None
    assert isinstance(connection, WatchedConnection)
    return connection


def failure(error: Exception, reached: str) -> tuple[str, str, str, int | None]:
    """How an attempt failed: outcome, phase, error.type and the status code. TimeoutError and gaierror are OSErrors."""
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        return "rejected", "upgrade", str(status), status
    code = error.errno if isinstance(error, OSError) else None
    name = errno.errorcode.get(code or 0, type(error).__name__)
    if isinstance(error, socket.gaierror):
        return "error", "dns", "gaierror", None
    if isinstance(error, ssl.SSLError):
        return "rejected", "tls", type(error).__name__, None
    if code in (errno.ECONNREFUSED, errno.ENOENT):
        return "refused", "tcp", name, None
    if code == errno.ETIMEDOUT:
        return "timeout", "tcp", name, None
    if code in UNREACHABLE:
        return "error", "tcp", name, None
    if isinstance(error, TimeoutError):
        return "timeout", reached, "handshake_timeout", None
    return "error", reached, name, None


class WatchedConnection(ClientConnection):
    """`websockets` answers pings by itself, so the frames that the application does not see are told from here."""

    def __init__(self, channel: ChannelEnd, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.made = False
        self.heard_s = self.loop.time()
        self._channel = channel
        self._pings = 0
        self._pongs: list[Writing] = []
        self._closed_here = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.made = True

    def process_event(self, event: Event) -> None:
        upgrading = self.response is None
        super().process_event(event)
        self.heard_s = self.loop.time()
        if upgrading:
            if self.protocol.state is State.OPEN and self.response is not None:
                accept = self.response.headers.get("Sec-WebSocket-Accept")
                self._channel.opened(connection_id(accept), "upgrade")
        elif isinstance(event, WireFrame) and event.opcode is Opcode.PING:
            self._pinged(bytes(event.data))

    def _pinged(self, payload: bytes) -> None:
        """A ping has arrived, and its pong has been given to the transport. They share one id."""
        self._pings += 1
        frame_id = f"server-ping-{payload[:PAYLOAD_BYTES_MAX].hex() or self._pings}"
        ping = Frame(self._channel.incoming, "ping", len(payload), id=frame_id, kind="ping")
        self._channel.routed(self._channel.receive(ping, self._channel.now_ns()))
        pong = Frame(self._channel.outgoing, "pong", len(payload), id=frame_id, kind="pong")
        self._pongs.append(self._channel.write(pong))
        if not self.paused:
            self.resume_pongs()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.resume_pongs()

    def resume_pongs(self) -> None:
        """Nothing is buffered any more: pongs that were given to the transport are written."""
        for pong in self._pongs:
            self._channel.written(pong)
        self._pongs.clear()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._closed_here = True
        await super().close(code, reason)

    def abort(self) -> None:
        """Ends it without a word, as where nothing has been heard for too long."""
        self._closed_here = True
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        code = self.close_code or ABNORMAL
        initiator = "self" if self._closed_here else "transport" if code == ABNORMAL else "peer"
        self._channel.closed(code, self.close_reason or "", initiator)


def connection_id(accept: str | None) -> str | None:
    """The name of the connection that both ends know without telling each other: from `Sec-WebSocket-Accept`."""
    try:
        return base64.b64decode(accept or "", validate=True).hex()[:16] or None
    except binascii.Error:
        return None
