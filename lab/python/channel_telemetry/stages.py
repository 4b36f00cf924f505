"""Stages of frames as spans, and meanwhile those that stay open: a span is exported only when it ends."""

from dataclasses import dataclass, replace
from typing import Literal

from opentelemetry.trace import SpanContext, SpanKind

from .frames import Frame
from .spans import MS, Attributes, Clock, SpanWriter

Stage = Literal["enqueue", "socket_write", "receive", "execute", "ack"]

# OpenTelemetry's messaging conventions, `messaging.operation.type`.
OPERATIONS: dict[Stage, str] = {
    "enqueue": "create",
    "socket_write": "send",
    "receive": "receive",
    "execute": "process",
    "ack": "settle",
}

# So many stages of one connection are watched; others begin and end unwatched.
WATCHED_MAX = 10_000


@dataclass(slots=True)
class Followed:
    """A frame at this end, with the trace that its stages here make up."""

    frame: Frame
    root: SpanContext | None = None
    """None until its first stage is told."""


@dataclass(frozen=True, slots=True)
class Ending:
    outcome: Literal["ok", "pending", "error", "dropped"]
    drop_reason: str | None = None
    error_type: str | None = None
    ended_ns: int | None = None
    """None: now."""


OK = Ending("ok")


def ending_of(error: BaseException | str | None) -> Ending:
    """A name of few kinds: a class, never a message."""
    if error is None:
        return OK
    return Ending("error", error_type=error if isinstance(error, str) else type(error).__name__)


class OpenStage:
    """A stage that has begun and will end."""

    def __init__(self, teller: "StageTeller", stage: Stage, followed: Followed, begun_ns: int, more: Attributes):
        self.begun_ns = begun_ns
        self.due_ns = begun_ns + teller.pending_after_ns
        self._teller = teller
        self._tell = (stage, followed, begun_ns)
        self._more = more
        self._ended = False

    def end(self, ending: Ending | None) -> None:
        """None: it never was one. Only the first call counts."""
        if self._ended:
            return
        self._ended = True
        self._teller.open.pop(self, None)
        if ending is not None:
            self._teller.write(*self._tell, ending, self._more)

    def look(self, now_ns: int) -> None:
        """Says that it is still open: at 5 s of age, at 10, 20, 40, ..."""
        if now_ns < self.due_ns:
            return
        while self.due_ns <= now_ns:
            self.due_ns += self.due_ns - self.begun_ns
        self._teller.write(*self._tell, Ending("pending", ended_ns=now_ns), self._more)


class StageTeller:
    def __init__(self, spans: SpanWriter, clock: Clock, pending_after_ms: int) -> None:
        self.pending_after_ns = pending_after_ms * MS
        # An ordered set, oldest first.
        self.open: dict[OpenStage, None] = {}
        self._spans = spans
        self._clock = clock

    def begin(self, stage: Stage, followed: Followed, more: Attributes | None = None) -> OpenStage:
        opened = OpenStage(self, stage, followed, self._clock.now_ns(), more or {})
        if followed.frame.id is not None and len(self.open) < WATCHED_MAX:
            self.open[opened] = None
        return opened

    def look(self) -> None:
        """Reports what has been open for long. To be called every second or so."""
        now_ns = self._clock.now_ns()
        for stage in list(self.open):
            stage.look(now_ns)

    def write(
        self, stage: Stage, followed: Followed, begun_ns: int, ending: Ending, more: Attributes | None = None
    ) -> None:
        """A frame without an id has no spans, but for what could not be decoded at all."""
        frame = followed.frame
        if frame.id is None and ending.drop_reason != "decode":
            return
        sends = stage in ("enqueue", "socket_write")
        told = self._spans.write(
            f"frame.{stage}",
            begun_ns,
            self._clock.now_ns() if ending.ended_ns is None else ending.ended_ns,
            {
                "frame.stage": stage,
                "frame.direction": frame.direction,
                "frame.id": frame.id,
                "frame.seq": frame.seq,
                "frame.type": frame.type,
                "frame.kind": frame.kind,
                "frame.size": frame.size,
                "frame.reply_to": frame.reply_to,
                "frame.outcome": ending.outcome,
                "frame.drop_reason": ending.drop_reason,
                "error.type": ending.error_type,
                "messaging.operation.type": OPERATIONS[stage],
                "messaging.message.id": frame.id,
                **(more or {}),
            },
            SpanKind.PRODUCER if sends else SpanKind.CONSUMER,
            followed.root,
        )
        if followed.root is None:
            followed.root = told  # the first stage that is told is the trace's root
