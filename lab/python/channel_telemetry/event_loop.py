"""How late this process's event loop has turned lately."""

import asyncio
import time
from collections import deque

# How often it is looked: a block of half of it may go unseen, one of twice that never.
LOOK_S = 0.5

# What is remembered: ten seconds, the usual interval of the state reports.
LOOKS_KEPT = 20


class EventLoopLag:
    """One for all channels of the process."""

    def __init__(self) -> None:
        self._late_s: deque[float] = deque(maxlen=LOOKS_KEPT)
        self._expected_s = time.monotonic() + LOOK_S

    @property
    def lag_ms(self) -> int:
        """The worst of the last ten seconds."""
        # A block that goes on, or has just ended, has not been looked at yet.
        overdue_s = time.monotonic() - self._expected_s
        return round(max(0.0, overdue_s, *self._late_s) * 1_000)

    async def watch(self) -> None:
        """Runs for ever, as a task."""
        while True:
            self._expected_s = time.monotonic() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self._late_s.append(max(0.0, time.monotonic() - self._expected_s))
