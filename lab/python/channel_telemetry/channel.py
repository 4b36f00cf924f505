"""One end of one connection of a channel: what its transport and its application call as things happen."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from opentelemetry.trace import Tracer

from .event_loop import EventLoopLag
from .frames import Direction, Frame
from .recorder import FrameRecorder, Received, Writing
from .spans import MS, Attributes, Clock, SpanWriter
from .stages import StageTeller

# A change that no event tells of is seen this soon.
LOOK_S = 1.0

# A change of these is reported at once.
CLAIMS = (
    "channel.connected",
    "channel.reader.alive",
    "channel.writer.alive",
    "channel.handler.alive",
    "channel.heartbeat.active",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which channel, and what channels are grouped by. The same `id` at both ends."""

    id: str
    agent_id: str | None = None
    agent_version: str | None = None
    site: str | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What runs now, from what runs it. None: unobserved."""

    open: bool
    reader_alive: bool | None
    writer_alive: bool | None
    handler_alive: bool | None
    heartbeat_active: bool | None
    heartbeat_interval_ms: int | None = None
    heartbeat_timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    tracer: Tracer
    identity: Identity
    transport: str
    host: str
    port: int
    executor_id: str
    state_interval_ms: int
    pending_after_ms: int


class ChannelEnd:
    """The agent's end. One for each attempt to connect: counters begin at 0 with each."""

    outgoing: Direction = "to_server"
    incoming: Direction = "to_agent"

    def __init__(self, settings: Settings, lag: EventLoopLag, claims: Callable[[], Claims]) -> None:
        self._settings = settings
        self._lag = lag
        self._claims = claims
        self._clock = Clock()
        self._spans = SpanWriter(settings.tracer, self._common)
        self._recorder = FrameRecorder(
            StageTeller(self._spans, self._clock, settings.pending_after_ms), self._clock, settings.executor_id
        )
        self._begun_ns = self._clock.now_ns()
        self._opened_ns: int | None = None
        self._connection_id: str | None = None
        self._closed = False
        self._reporting: asyncio.Task[None] | None = None
        self._reported: tuple[object, ...] = ()
        self._reported_s = 0.0

    # The connection.

    def opened(self, connection_id: str | None, phase: str) -> None:
        """The transport is open. `watch` follows once the application's tasks run."""
        self._connection_id = connection_id
        self._opened_ns = self._clock.now_ns()
        self._attempted({"channel.connect.outcome": "ok", "channel.connect.phase": phase})

    def failed(self, outcome: str, phase: str, error_type: str, status_code: int | None = None) -> None:
        """The attempt has failed."""
        self._attempted(
            {
                "channel.connect.outcome": outcome,
                "channel.connect.phase": phase,
                "error.type": error_type,
                "http.response.status_code": status_code,
            }
        )
        self._report()

    def watch(self) -> None:
        """Reports the state now, at intervals, and when what it claims has changed, until the close."""
        self._report()
        self._reporting = asyncio.create_task(self._look())

    def closed(self, code: int, reason: str, initiator: str) -> None:
        """The transport is closed; only the first call counts, and only after `opened`."""
        if self._opened_ns is None or self._closed:
            return
        self._closed = True
        self._recorder.closed()
        if self._reporting is not None:
            self._reporting.cancel()
        self._report()  # the last one holds the final counts
        now_ns = self._clock.now_ns()
        self._spans.mark(
            "channel.close",
            now_ns,
            {
                "channel.close.code": code,
                "channel.close.reason": reason or None,
                "channel.close.initiator": initiator,
                "channel.lifetime_ms": (now_ns - self._opened_ns) // MS,
            },
        )

    # Frames.

    @contextmanager
    def writing(self, frame: Frame) -> Iterator[None]:
        """Around the transport's write, which must not end before the bytes have left for the kernel."""
        writing = self.write(frame)
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            self.written(writing, error)

    def write(self, frame: Frame) -> Writing:
        return self._recorder.write(frame)

    def written(self, writing: Writing, error: BaseException | None = None) -> None:
        self._recorder.written(writing, error)

    def now_ns(self) -> int:
        """For the beginning of a receive."""
        return self._clock.now_ns()

    def receive(self, frame: Frame, begun_ns: int) -> Received:
        return self._recorder.receive(frame, begun_ns)

    def routed(self, received: Received) -> None:
        self._recorder.routed(received)

    def unrouted(self, received: Received) -> None:
        self._recorder.unrouted(received)

    def undecodable(self, frame_type: str, size: int, error: BaseException) -> None:
        self._recorder.undecodable(Frame(self.incoming, frame_type, size), error)

    def executing(self, received: Received) -> AbstractContextManager[None]:
        return self._recorder.executing(received)

    # What is told.

    def _attempted(self, attributes: Attributes) -> None:
        address: Attributes = {"server.address": self._settings.host, "server.port": self._settings.port}
        self._spans.write("channel.connect", self._begun_ns, self._clock.now_ns(), {**attributes, **address})

    def _common(self) -> Attributes:
        identity = self._settings.identity
        return {
            "channel.id": identity.id,
            "channel.connection.id": self._connection_id,
            "channel.end": "agent",
            "channel.transport": self._settings.transport,
            "channel.agent.id": identity.agent_id,
            "channel.agent.version": identity.agent_version,
            "channel.site": identity.site,
            "channel.gateway": identity.gateway,
            "messaging.system": self._settings.transport,
        }

    def _state(self) -> Attributes:
        claims = self._claims()
        up = claims.open and not self._closed and self._opened_ns is not None

        def alive(claimed: bool | None) -> bool | None:
            return None if claimed is None else up and claimed

        return {
            "channel.connected": up,
            "channel.reader.alive": alive(claims.reader_alive),
            "channel.writer.alive": alive(claims.writer_alive),
            "channel.handler.alive": alive(claims.handler_alive),
            **self._recorder.state(),
            "channel.heartbeat.active": claims.heartbeat_active,
            "channel.heartbeat.interval_ms": claims.heartbeat_interval_ms,
            "channel.heartbeat.timeout_ms": claims.heartbeat_timeout_ms,
            "channel.state.interval_ms": self._settings.state_interval_ms,
            "process.event_loop.lag_ms": self._lag.lag_ms,
        }

    def _report(self) -> None:
        state = self._state()
        self._reported = tuple(state[name] for name in CLAIMS)
        self._reported_s = time.monotonic()
        self._spans.mark("channel.state", self._clock.now_ns(), state)

    async def _look(self) -> None:
        interval_s = self._settings.state_interval_ms / 1_000
        while True:
            await asyncio.sleep(min(LOOK_S, interval_s))
            self._recorder.look()
            # Half a look of tolerance, or a late timer would skip every other turn.
            due = time.monotonic() - self._reported_s >= interval_s - LOOK_S / 2
            state = self._state()
            if due or tuple(state[name] for name in CLAIMS) != self._reported:
                self._report()
