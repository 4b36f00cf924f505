"""An agent of the live fleet (lab/src/live) in Python: dials out, says hello, beats, acknowledges commands and executes
them one by one, and tells of all that as docs/other-languages.md explains.

The fleet starts it with its settings as JSON in the first argument, and gives it orders as lines of JSON on its standard
input. It ends with the fleet: at SIGTERM, or when that input ends.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import Tracer
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from channel_telemetry.channel import ChannelEnd, Claims, Identity, Settings
from channel_telemetry.event_loop import EventLoopLag
from channel_telemetry.exporting import start_telemetry
from channel_telemetry.frames import Direction, Frame
from channel_telemetry.recorder import Received
from channel_telemetry.websocket import WatchedConnection, dial

OPEN_TIMEOUT_S = 10.0

# Frames that wait for the worker; with more the reader waits, and then the peer.
WORK_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Work:
    message: dict[str, Any]
    received: Received
    channel: ChannelEnd


def describe(text: str, direction: Direction) -> tuple[dict[str, Any], Frame]:
    """What a message is, the same at both ends. Raises ValueError or KeyError for one that cannot be read."""
    message = json.loads(text)
    if not isinstance(message, dict):
        raise ValueError("expected an object")
    frame = Frame(
        direction,
        "text",
        len(text.encode()),
        id=str(message["id"]),
        kind=str(message["kind"]),
        reply_to=message.get("replyTo"),
    )
    return message, frame


class Agent:
    def __init__(self, given: dict[str, Any], tracer: Tracer) -> None:
        identity = given["identity"]
        self._timing: dict[str, int] = given["timing"]
        self._id: str = identity["id"]
        self._url = f"{given['url']}/agents/{self._id}"
        address = urlsplit(self._url)
        self._settings = Settings(
            tracer=tracer,
            identity=Identity(
                self._id,
                identity.get("agentId"),
                identity.get("agentVersion"),
                identity.get("site"),
                identity.get("gateway"),
            ),
            transport="websocket",
            host=address.hostname or "",
            port=address.port or 80,
            executor_id=f"{self._id}-worker",
            state_interval_ms=self._timing["state"],
            pending_after_ms=self._timing["pendingAfter"],
        )
        self._version: str = identity.get("agentVersion", "")
        self._lag = EventLoopLag()
        self._broken: set[str] = set()
        self._unstuck = asyncio.Event()
        self._work: asyncio.Queue[Work] = asyncio.Queue(WORK_MAX)
        self._sent = 0
        self._channel: ChannelEnd | None = None
        self._socket: WatchedConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._beat: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def run(self) -> None:
        self._watching = asyncio.create_task(self._lag.watch())
        self._worker = asyncio.create_task(self._execute_all())
        while True:
            await self._connection()
            await asyncio.sleep(self._timing["reconnect"] / 1_000)

    async def end(self) -> None:
        """Closes the connection, if there is one. `run` goes on until it is cancelled."""
        if self._socket is not None:
            await self._socket.close(1001, "going away")

    async def obey(self, fault: str, broken: bool) -> None:
        """Breaks itself as it is told, or mends it."""
        if broken:
            self._broken.add(fault)
            self._unstuck.clear()
        else:
            self._broken.discard(fault)
            self._unstuck.set()
            if fault == "handler-dead" and not _runs(self._worker):
                self._worker = asyncio.create_task(self._execute_all())
        if fault == "heartbeat-not-started" and self._socket is not None:
            await self._socket.close(1012, "restart")  # comes back without its timer, or with it

    # One connection.

    async def _connection(self) -> None:
        channel = ChannelEnd(self._settings, self._lag, self._claims)
        socket = await dial(self._url, channel, OPEN_TIMEOUT_S)
        if socket is None:
            return
        self._channel, self._socket = channel, socket
        self._reader = asyncio.create_task(self._read(socket, channel))
        watchdog = asyncio.create_task(self._give_up_when_silent(socket))
        channel.watch()  # now that what it claims runs
        await self._send("hello", body=json.dumps({"version": self._version}))
        if "heartbeat-not-started" not in self._broken:
            self._beat = asyncio.create_task(self._heartbeats())
        await socket.wait_closed()
        for task in (self._reader, watchdog, self._beat):
            if task is not None:
                task.cancel()
        self._channel = self._socket = self._reader = self._beat = None

    def _claims(self) -> Claims:
        """What runs, asked of the tasks themselves. A task that has returned or raised is dead, whatever a flag says."""
        socket = self._socket
        is_open = socket is not None and socket.state is State.OPEN
        return Claims(
            open=is_open,
            reader_alive=_runs(self._reader),
            writer_alive=is_open,  # `websockets` writes for whoever sends: there is no writer of its own to die
            handler_alive=_runs(self._worker),
            heartbeat_active=_runs(self._beat),
            heartbeat_interval_ms=self._timing["heartbeat"],
            heartbeat_timeout_ms=self._timing["heartbeatTimeout"],
        )

    async def _read(self, socket: WatchedConnection, channel: ChannelEnd) -> None:
        """The read loop: decodes and routes. It only queues; the worker executes."""
        try:
            async for text in socket:
                await self._receive(str(text), channel)
        except ConnectionClosed:
            pass  # as `_connection` sees as well

    async def _receive(self, text: str, channel: ChannelEnd) -> None:
        begun_ns = channel.now_ns()  # the read that completed it
        try:
            message, frame = describe(text, channel.incoming)
        except (ValueError, KeyError) as error:
            channel.undecodable("text", len(text.encode()), error)
            return
        received = channel.receive(frame, begun_ns)
        if frame.kind in ("config", "command"):
            await self._work.put(Work(message, received, channel))
            channel.routed(received)
        else:
            channel.unrouted(received)

    async def _give_up_when_silent(self, socket: WatchedConnection) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() - socket.heard_s <= self._timing["heartbeatTimeout"] / 1_000:
            await asyncio.sleep(self._timing["ping"] / 1_000)
        socket.abort()

    async def _heartbeats(self) -> None:
        while True:
            await self._send("heartbeat")
            await asyncio.sleep(self._timing["heartbeat"] / 1_000)

    async def _send(self, kind: str, body: str | None = None, reply_to: str | None = None) -> None:
        channel, socket = self._channel, self._socket
        if channel is None or socket is None or socket.state is not State.OPEN:
            return
        self._sent += 1
        message = {"id": f"{kind}-{self._id}-{self._sent}-{os.getpid()}", "kind": kind}
        if body is not None:
            message["body"] = body
        if reply_to is not None:
            message["replyTo"] = reply_to
        text = json.dumps(message)
        _, frame = describe(text, channel.outgoing)
        try:
            with channel.writing(frame):
                await socket.send(text)
        except ConnectionClosed:
            pass  # the write is told as failed; the connection comes back

    # The worker.

    async def _execute_all(self) -> None:
        """Takes frames one by one, whichever connection they came by. When it dies, the reader goes on queueing."""
        while True:
            work = await self._work.get()
            if "handler-dead" in self._broken:
                return
            if work.received.frame.kind == "command":
                await self._send("ack", reply_to=work.received.frame.id)
            with work.channel.executing(work.received):
                await self._execute(work.message)

    async def _execute(self, message: dict[str, Any]) -> None:
        if message["kind"] != "command":
            return
        await asyncio.sleep(0.005)
        if "handler-stuck" in self._broken:
            await self._unstuck.wait()
        await self._send("result", body="up 3 days", reply_to=str(message["id"]))


def _runs(task: asyncio.Task[None] | None) -> bool:
    return task is not None and not task.done()


async def orders(agent: Agent) -> None:
    """Obeys the fleet, line by line, until it hangs up."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        order = json.loads(line)
        await agent.obey(order["fault"], order["broken"])


async def main(given: dict[str, Any]) -> None:
    identity = given["identity"]["id"]
    provider = start_telemetry(
        "demo-agent",
        f"{identity}-{os.getpid()}",  # one process: a new one after each restart
        given["collectorUrl"],
        given.get("token"),
        given["timing"]["exporting"],
    )
    agent = Agent(given, provider.get_tracer("halfopen-lab-python-agent"))
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C reaches the whole group: the fleet ends us
    work = [agent.run(), orders(agent), told.wait()]
    done, running = await asyncio.wait(map(asyncio.create_task, work), return_when=asyncio.FIRST_COMPLETED)
    await agent.end()
    for task in running:
        task.cancel()
    # Its thread sends what is left, the last state and the close among it.
    await asyncio.to_thread(provider.shutdown)
    for task in done:
        task.result()  # raises what it died of


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
