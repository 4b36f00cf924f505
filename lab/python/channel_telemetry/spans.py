"""Finished spans, by OpenTelemetry's API."""

import time
from collections.abc import Callable, Mapping

from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Tracer, set_span_in_context

Attributes = Mapping[str, str | bool | int | float | None]

# Longer strings are cut: they come from the peer.
STRING_CHARACTERS_MAX = 256

# The shortest frame span: a root of no duration is not listed by Grafana's trace search.
DURATION_NS_MIN = 1_000

# A wall clock that has been set by more than this is followed.
STEP_NS = 100_000_000

MS = 1_000_000


class Clock:
    """Unix time in ns: the wall clock's, but steady. Follows the wall clock where that was set."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        now_ns = self._offset_ns + time.monotonic_ns()
        wall_ns = time.time_ns()
        if abs(wall_ns - now_ns) <= STEP_NS:
            return now_ns
        self._offset_ns = wall_ns - time.monotonic_ns()
        return wall_ns


class SpanWriter:
    """Makes a span once what it tells of is over. `common` is on every span."""

    def __init__(self, tracer: Tracer, common: Callable[[], Attributes]) -> None:
        self._tracer = tracer
        self._common = common

    def write(
        self,
        name: str,
        start_ns: int,
        end_ns: int,
        attributes: Attributes,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: SpanContext | None = None,
    ) -> SpanContext:
        """A trace begins with this span unless it has a parent."""
        # Never the current context: a span of the application's around this call is no part of the frame's trace.
        context = Context() if parent is None else set_span_in_context(NonRecordingSpan(parent), Context())
        known = _known({**self._common(), **attributes})
        span = self._tracer.start_span(name, context, kind, attributes=known, start_time=start_ns)
        span.end(max(end_ns, start_ns + DURATION_NS_MIN))
        return span.get_span_context()

    def mark(self, name: str, at_ns: int, attributes: Attributes) -> None:
        """A span without duration."""
        known = _known({**self._common(), **attributes})
        self._tracer.start_span(name, Context(), attributes=known, start_time=at_ns).end(at_ns)


def _known(attributes: Attributes) -> dict[str, str | bool | int | float]:
    """Absent is unobserved: what is None is left out, never sent as 0, False or an empty string."""
    return {
        name: value[:STRING_CHARACTERS_MAX] if isinstance(value, str) else value
        for name, value in attributes.items()
        if value is not None
    }
