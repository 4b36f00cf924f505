"""OpenTelemetry's SDK, set up as an application would."""

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON


def start_telemetry(
    service: str, instance: str, collector_url: str, token: str | None, exporting_ms: int
) -> TracerProvider:
    """`instance` is one process. Call `shutdown` of what it returns before the process ends, or its last spans are lost."""
    session = requests.Session()
    session.trust_env = False  # the lab is on loopback: no proxy of the environment's
    exporter = OTLPSpanExporter(
        endpoint=f"{collector_url}/v1/traces",
        headers={} if token is None else {"authorization": f"Bearer {token}"},
        timeout=3,
        session=session,
    )
    provider = TracerProvider(
        sampler=ALWAYS_ON,  # states are never sampled
        resource=Resource.create({"service.name": service, "service.instance.id": instance}),
    )
    # It exports on a thread of its own: the event loop never waits for the collector.
    provider.add_span_processor(
        BatchSpanProcessor(
            exporter,
            schedule_delay_millis=exporting_ms,
            max_queue_size=20_000,  # spans held while the collector is away; past it they are dropped
            max_export_batch_size=2_000,
        )
    )
    return provider
