"""Frames, and what an end has counted of them on one connection."""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["to_agent", "to_server"]

CONTROL = ("ping", "pong")

# Kinds that are counted apart as well.
APART = {"heartbeat": "heartbeats", "command": "commands", "ack": "acks"}


@dataclass(frozen=True, slots=True)
class Frame:
    direction: Direction
    """Where it goes."""
    type: str
    """What the wire calls it: `text`, `binary`, `ping`, `pong`."""
    size: int | None
    """Bytes."""
    id: str | None = None
    """The same at both ends. None: it counts and has no spans."""
    kind: str | None = None
    """What the application calls it: `command`, `ack`, `heartbeat`, ..."""
    reply_to: str | None = None
    """The id of the frame that it answers."""
    seq: int | None = None
    """The sender's count on this connection, from 1; None before the write, and where the peer's is not known."""

    @property
    def is_control(self) -> bool:
        return self.kind in CONTROL or self.type in CONTROL

    @property
    def acknowledged(self) -> "Frame | None":
        """What an ack tells of the frame that it is about, which goes the other way."""
        if self.kind != "ack" or self.reply_to is None:
            return None
        opposite: Direction = "to_server" if self.direction == "to_agent" else "to_agent"
        return Frame(opposite, self.type, size=None, id=self.reply_to)


class Counters:
    """By the contract's names: cumulative from the connection's open, and never sampled."""

    def __init__(self) -> None:
        ways = ("frames", "control", "heartbeats", "commands", "acks", "bytes")
        names = [f"{way}.{what}" for way in ("tx", "rx") for what in ways]
        names += ["executed", "rx.decode_errors", "rx.unrouted", "handler.errors"]
        self.values = {f"channel.{name}": 0 for name in names}

    def add(self, name: str, count: int = 1) -> None:
        self.values[f"channel.{name}"] += count

    def carried(self, way: Literal["tx", "rx"], frame: Frame) -> None:
        """At the completed write, or at the receive."""
        self.add(f"{way}.bytes", frame.size or 0)
        self.add(f"{way}.control" if frame.is_control else f"{way}.frames")
        if frame.kind in APART:
            self.add(f"{way}.{APART[frame.kind]}")
