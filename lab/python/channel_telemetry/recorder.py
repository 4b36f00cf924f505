"""What happens to the frames of one connection, at one end. It knows no transport; whoever carries frames calls it."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from .frames import Counters, Frame
from .spans import MS, Attributes, Clock
from .stages import OK, Ending, Followed, OpenStage, StageTeller, ending_of

# Frames remembered for their acks, each way.
RECENT_MAX = 128


@dataclass(eq=False, slots=True)
class Writing:
    """A frame that was given to the transport and is not written yet."""

    frame: Frame
    stage: OpenStage
    offered_ns: int


@dataclass(slots=True)
class Received(Followed):
    """A frame that was read whole."""

    begun_ns: int = 0


class FrameRecorder:
    def __init__(self, stages: StageTeller, clock: Clock, executor_id: str | None) -> None:
        self.counters = Counters()
        self._stages = stages
        self._clock = clock
        self._executor_id = executor_id
        # An ordered set, oldest first.
        self._writing: dict[Writing, None] = {}
        self._sent: OrderedDict[str, Followed] = OrderedDict()
        self._received: OrderedDict[str, Followed] = OrderedDict()
        self._executing = 0
        self._seq = 0
        self._rx_ns = self._tx_ns = clock.now_ns()

    def write(self, frame: Frame) -> Writing:
        """Is accepted, and given to the transport. `written` follows."""
        followed = Followed(frame)
        offered_ns = self._clock.now_ns()
        self._stages.write("enqueue", followed, offered_ns, OK)
        self._seq += 1
        followed.frame = replace(frame, seq=self._seq)
        if not frame.is_control:
            _remember(self._sent, followed)
        writing = Writing(followed.frame, self._stages.begin("socket_write", followed), offered_ns)
        self._writing[writing] = None
        return writing

    def written(self, writing: Writing, error: BaseException | str | None = None) -> None:
        """The transport has handed its bytes to the kernel, or has failed to. Only the first call counts."""
        if writing not in self._writing:
            return
        del self._writing[writing]
        writing.stage.end(ending_of(error))
        if error is not None:
            return
        self._tx_ns = self._clock.now_ns()
        self.counters.carried("tx", writing.frame)
        self._acknowledge(writing.frame, self._received, writing.stage.begun_ns)

    def receive(self, frame: Frame, begun_ns: int) -> Received:
        """Was read whole at `begun_ns`, and is decoded. `routed` or `unrouted` follows."""
        self._rx_ns = self._clock.now_ns()
        self.counters.carried("rx", frame)
        received = Received(frame, begun_ns=begun_ns)
        if not frame.is_control:
            _remember(self._received, received)
        return received

    def routed(self, received: Received) -> None:
        self._stages.write("receive", received, received.begun_ns, OK)
        self._acknowledge(received.frame, self._sent, received.begun_ns)

    def unrouted(self, received: Received) -> None:
        """No handler takes it."""
        self.counters.add("rx.unrouted")
        self._stages.write("receive", received, received.begun_ns, Ending("dropped", "unrouted"))

    def undecodable(self, frame: Frame, error: BaseException) -> None:
        """Arrived, and could not be decoded: it is not counted among the frames received."""
        self.counters.add("rx.decode_errors")
        dropped = Ending("dropped", "decode", type(error).__name__)
        self._stages.write("receive", Followed(frame), self._clock.now_ns(), dropped)

    @contextmanager
    def executing(self, received: Received) -> Iterator[None]:
        """Around its handler, what that awaits included."""
        self._executing += 1
        stage = self._stages.begin("execute", received, {"frame.executor.id": self._executor_id})
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            self._executing -= 1
            self.counters.add("executed")
            if error is not None:
                self.counters.add("handler.errors")
            stage.end(ending_of(error))

    def closed(self) -> None:
        """The connection is gone: what was being written never will be."""
        for writing in list(self._writing):
            self.written(writing, "connection_closed")

    def look(self) -> None:
        self._stages.look()

    def state(self) -> Attributes:
        """What it knows for `channel.state`."""
        now_ns = self._clock.now_ns()
        waiting = [writing for writing in self._writing if not writing.frame.is_control]
        oldest_ns = waiting[0].offered_ns if waiting else now_ns
        return {
            **self.counters.values,
            "channel.queue.depth": len(waiting),
            "channel.queue.oldest_ms": (now_ns - oldest_ns) // MS,
            "channel.rx.age_ms": (now_ns - self._rx_ns) // MS,
            "channel.tx.age_ms": (now_ns - self._tx_ns) // MS,
            "channel.executing": self._executing,
        }

    def _acknowledge(self, ack: Frame, known: OrderedDict[str, Followed], begun_ns: int) -> None:
        """An ack that was written, or has arrived, is a stage of the frame that it is about."""
        about = ack.acknowledged
        if about is None:
            return
        self._stages.write("ack", known.get(ack.reply_to or "") or Followed(about), begun_ns, OK)


def _remember(recent: OrderedDict[str, Followed], followed: Followed) -> None:
    """The oldest make way."""
    if followed.frame.id is None:
        return
    recent[followed.frame.id] = followed
    recent.move_to_end(followed.frame.id)
    if len(recent) > RECENT_MAX:
        recent.popitem(last=False)
