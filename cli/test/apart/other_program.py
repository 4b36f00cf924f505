"""Another program at the stream: OTLP by OpenTelemetry's published protobuf, Kafka by a client that is not ours.

    other_program.py read BROKER TOPIC   prints what the topic holds now, one JSON object a span
    other_program.py write BROKER TOPIC  sends what stdin says, as the OpenTelemetry Collector's Kafka exporter does
"""

import json
import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList


def records(broker, topic):
    """Every message that is in the topic by now."""
    consumer = KafkaConsumer(bootstrap_servers=[broker], enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for batch in consumer.poll(timeout_ms=1000).values():
            yield from batch
    consumer.close()


def plain(value):
    """An AnyValue, with the name of its kind."""
    kind = value.WhichOneof('value')
    if kind is None:
        return None
    found = getattr(value, kind)
    if kind == 'array_value':
        return [kind, [plain(each) for each in found.values]]
    if kind == 'kvlist_value':
        return [kind, attributes(found.values)]
    if kind == 'int_value':
        return [kind, str(found)]
    return [kind, found.hex() if kind == 'bytes_value' else found]


def attributes(pairs):
    return {pair.key: plain(pair.value) for pair in pairs}


def read(broker, topic):
    for record in records(broker, topic):
        request = ExportTraceServiceRequest()
        request.ParseFromString(record.value)
        request.DiscardUnknownFields()
        for resource_spans in request.resource_spans:
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    print(
                        json.dumps(
                            {
                                'key': record.key.decode() if record.key else None,
                                'unknown': len(request.SerializeToString()) != len(record.value),
                                'resource': attributes(resource_spans.resource.attributes),
                                'scope': scope_spans.scope.name,
                                'traceId': span.trace_id.hex(),
                                'spanId': span.span_id.hex(),
                                'parentSpanId': span.parent_span_id.hex(),
                                'name': span.name,
                                'kind': span.kind,
                                'start': str(span.start_time_unix_nano),
                                'end': str(span.end_time_unix_nano),
                                'attributes': attributes(span.attributes),
                                'status': span.status.code,
                            }
                        )
                    )


def any_value(value):
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[any_value(each) for each in value]))
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
    return AnyValue(string_value=value)


def key_values(values):
    return [KeyValue(key=key, value=any_value(value)) for key, value in values.items()]


def request_of(spans):
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.extend(key_values({'service.name': 'another producer'}))
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = 'other_program'
    for given in spans:
        span = scope_spans.spans.add()
        span.trace_id = bytes.fromhex(given['traceId'])
        span.span_id = bytes.fromhex(given['spanId'])
        span.name = given['name']
        span.kind = 2
        span.start_time_unix_nano = int(given['start'])
        span.end_time_unix_nano = int(given['end'])
        span.attributes.extend(key_values(given['attributes']))
        event = span.events.add()
        event.name = 'an event'
        event.time_unix_nano = int(given['start'])
        link = span.links.add()
        link.trace_id = bytes.fromhex(given['traceId'])
        link.span_id = bytes.fromhex(given['spanId'])
    return request.SerializeToString()


def write(broker, topic):
    """Each message once its predecessor is acknowledged. `key` is a trace id, or null; `text` is sent as it is."""
    producer = KafkaProducer(bootstrap_servers=[broker], acks='all', compression_type='gzip')
    for message in json.load(sys.stdin):
        value = message['text'].encode() if 'text' in message else request_of(message['spans'])
        key = message.get('key')
        producer.send(
            topic,
            value=value,
            key=None if key is None else key.encode(),
            partition=message.get('partition'),
        ).get(timeout=30)
    producer.close()


if __name__ == '__main__':
    {'read': read, 'write': write}[sys.argv[1]](sys.argv[2], sys.argv[3])
