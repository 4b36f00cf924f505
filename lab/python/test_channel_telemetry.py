"""What channel_telemetry tells where things go wrong. lab/test/live/python-agent.test.ts runs it."""

import asyncio
import socket
import unittest
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from websockets.asyncio.server import ServerConnection, serve

from channel_telemetry.channel import ChannelEnd, Claims, Identity, Settings
from channel_telemetry.event_loop import EventLoopLag
from channel_telemetry.frames import Frame
from channel_telemetry.spans import Clock, SpanWriter
from channel_telemetry.stages import OK, Followed, StageTeller
from channel_telemetry.websocket import connection_id, dial, failure

PATIENCE_S = 30.0


class Told:
    """Spans as they end, and a channel that tells them."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = provider.get_tracer("test")

    def channel(self) -> ChannelEnd:
        settings = Settings(
            self.tracer, Identity("a"), "websocket", "h", 1, "w", state_interval_ms=50, pending_after_ms=100
        )
        return ChannelEnd(settings, EventLoopLag(), lambda: Claims(True, True, True, True, None))

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    def attributes(self, name: str) -> list[dict[str, Any]]:
        return [dict(span.attributes or {}) for span in self.spans(name)]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


class Attempts(unittest.IsolatedAsyncioTestCase):
    async def told(self, url: str, open_timeout_s: float = PATIENCE_S) -> list[object]:
        told = Told()
        self.assertIsNone(await dial(url, told.channel(), open_timeout_s))
        [connect] = told.attributes("channel.connect")
        [state] = told.attributes("channel.state")
        self.assertEqual([state["channel.connected"], state["channel.rx.frames"]], [False, 0])
        names = ("channel.connect.outcome", "channel.connect.phase", "error.type", "http.response.status_code")
        return [connect.get(name) for name in names]

    async def test_nobody_listens(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"ws://127.0.0.1:{unused.getsockname()[1]}"
            self.assertEqual(await self.told(url), ["refused", "tcp", "ECONNREFUSED", None])

    async def test_something_else_answers(self) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self.assertEqual(await self.told(url), ["rejected", "upgrade", "404", 404])

    async def test_nothing_answers(self) -> None:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()  # the kernel accepts, and nobody reads
            url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
            self.assertEqual(await self.told(url, 0.2), ["timeout", "upgrade", "handshake_timeout", None])

    def test_a_name_that_is_not_found(self) -> None:
        self.assertEqual(failure(socket.gaierror(-2, "unknown"), "tcp"), ("error", "dns", "gaierror", None))


class Writes(unittest.IsolatedAsyncioTestCase):
    async def test_a_peer_that_does_not_read_shows_as_a_write_that_does_not_end(self) -> None:
        async def read_nothing(connection: ServerConnection) -> None:
            connection.transport.pause_reading()
            await connection.wait_closed()

        told = Told()
        async with serve(read_nothing, "127.0.0.1", 0, ping_interval=None, close_timeout=0.1) as server:
            channel = told.channel()
            connection = await dial(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", channel, PATIENCE_S)
            assert connection is not None
            channel.watch()

            async def send() -> None:
                number = 0
                while True:
                    number += 1
                    frame = Frame("to_server", "text", 1_000_000, id=f"f{number}", kind="result")
                    with channel.writing(frame):
                        await connection.send("x" * 1_000_000)

            sending = asyncio.create_task(send())
            await until(lambda: "pending" in outcomes(told))
            written = outcomes(told).count("ok")
            [stuck] = {str(one["frame.id"]) for one in writes(told) if one["frame.outcome"] == "pending"}
            self.assertEqual(stuck, f"f{written + 1}")
            state = told.attributes("channel.state")[-1]
            self.assertEqual([state["channel.tx.frames"], state["channel.queue.depth"]], [written, 1])
            connection.abort()
            await asyncio.gather(sending, return_exceptions=True)
        ends = [one for one in writes(told) if one["frame.id"] == stuck and one["frame.outcome"] != "pending"]
        self.assertEqual([(one["frame.outcome"], one["error.type"]) for one in ends], [("error", "connection_closed")])
        last = told.attributes("channel.state")[-1]
        self.assertEqual(
            [last["channel.connected"], last["channel.tx.frames"], last["channel.queue.depth"]], [False, written, 0]
        )
        [close] = told.attributes("channel.close")
        self.assertEqual([close["channel.close.code"], close["channel.close.initiator"]], [1006, "self"])


def writes(told: Told) -> list[dict[str, Any]]:
    return told.attributes("frame.socket_write")


def outcomes(told: Told) -> list[str]:
    return [str(one["frame.outcome"]) for one in writes(told)]


class Frames(unittest.IsolatedAsyncioTestCase):
    async def test_a_handler_that_raises_has_executed_and_failed(self) -> None:
        told = Told()
        channel = told.channel()
        received = channel.receive(Frame("to_agent", "text", 9, id="c1", kind="command"), channel.now_ns())
        channel.routed(received)
        with self.assertRaises(KeyError), channel.executing(received):
            raise KeyError("secret")
        channel.opened(None, "upgrade")
        channel.closed(1000, "", "peer")
        [execute] = told.spans("frame.execute")
        attributes = dict(execute.attributes or {})
        self.assertEqual([attributes["frame.outcome"], attributes["error.type"]], ["error", "KeyError"])
        [receive] = told.spans("frame.receive")
        self.assertEqual(execute.parent, receive.context)
        [state] = told.attributes("channel.state")
        counts = [state[f"channel.{name}"] for name in ("executed", "handler.errors", "rx.commands", "executing")]
        self.assertEqual(counts, [1, 1, 1, 0])
        self.assertNotIn("channel.connection.id", state, "what is not known is left out")

    async def test_an_ack_is_a_stage_of_the_frame_that_it_is_about(self) -> None:
        told = Told()
        channel = told.channel()
        channel.routed(channel.receive(Frame("to_agent", "text", 9, id="c1", kind="command"), channel.now_ns()))
        for about in ("c1", "forgotten"):
            with channel.writing(Frame("to_server", "text", 5, id=f"a-{about}", kind="ack", reply_to=about)):
                pass
        names = ("frame.id", "frame.direction", "frame.kind", "frame.size")
        acks = [[one.get(name) for name in names] for one in told.attributes("frame.ack")]
        self.assertEqual(acks, [["c1", "to_agent", "command", 9], ["forgotten", "to_agent", None, None]])

    def test_what_stays_open_is_told_at_5_10_20_and_40_seconds(self) -> None:
        told = Told()
        clock = SetClock()
        teller = StageTeller(SpanWriter(told.tracer, dict), clock, pending_after_ms=5_000)
        stage = teller.begin("execute", Followed(Frame("to_agent", "text", 9, id="c1")))
        ages = []
        for second in range(60):
            clock.at_ns = second * 1_000_000_000
            before = len(told.spans("frame.execute"))
            teller.look()
            if len(told.spans("frame.execute")) > before:
                ages.append(second)
        self.assertEqual(ages, [5, 10, 20, 40])
        stage.end(OK)
        stage.end(OK)
        teller.look()
        spans = told.attributes("frame.execute")
        self.assertEqual([one["frame.outcome"] for one in spans], ["pending"] * 4 + ["ok"])


class SetClock(Clock):
    at_ns = 0

    def now_ns(self) -> int:
        return self.at_ns


class Names(unittest.TestCase):
    def test_the_connection_is_called_as_the_shim_calls_it(self) -> None:
        # RFC 6455, section 1.3.
        self.assertEqual(connection_id("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "b37a4f2cc0624f16")
        for nothing in (None, "", "no base64"):
            self.assertIsNone(connection_id(nothing))


if __name__ == "__main__":
    unittest.main()
