"""Runs ClickHouse's official Python client against the route; prints one JSON document of what it got.

Arguments: host, port, password, questions as JSON."""

import datetime
import decimal
import json
import sys
import uuid

import clickhouse_connect
import clickhouse_connect.common
from clickhouse_connect.driver.exceptions import DatabaseError

HOST, PORT, PASSWORD, QUESTIONS = sys.argv[1], int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
HARD = "it's \\ a\ttab\nand \"quotes\" {n:UInt64} é 🙂 `; DROP TABLE frames --"


def connect(**options):
    return clickhouse_connect.get_client(host=HOST, port=PORT, username='default', password=PASSWORD, **options)


def plain(value):
    """As JSON has it."""
    if isinstance(value, (datetime.date, uuid.UUID, decimal.Decimal)):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def failure(call):
    """What a call raises."""
    try:
        call()
    except DatabaseError as error:
        return str(error)
    return 'nothing was raised'


def parameters(client):
    result = client.query(
        'SELECT {s:String}, {n:UInt64}, {i:Int32}, {f:Float64}, {b:Bool}, {z:Nullable(String)}, {a:Array(String)},'
        ' {m:Map(String, UInt8)}, {d:Date}, {dt:DateTime}, {u:UUID}, {dec:Decimal(20, 4)}, {l:LowCardinality(String)}',
        parameters={
            's': HARD,
            'n': 18446744073709551615,
            'i': -7,
            'f': 0.1,
            'b': True,
            'z': None,
            'a': [HARD, 'b'],
            'm': {'k': 1},
            'd': datetime.date(2026, 10, 1),
            'dt': datetime.datetime(2026, 10, 1, 12, 0, 0),
            'u': uuid.UUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'),
            'dec': decimal.Decimal('1234.5678'),
            'l': 'low',
        },
    )
    return plain(result.result_rows)


def stream(client):
    rows = total = 0
    with client.query_row_block_stream('SELECT number, toString(number) FROM numbers(300000)') as blocks:
        for block in blocks:
            rows += len(block)
            total += sum(number for number, _ in block)
    return [rows, total]


def late_error(client):
    query = "SELECT throwIf(number = 3000000), repeat('x', 10) FROM numbers(10000000)"
    return failure(lambda: client.query(query).result_rows)


def main():
    clickhouse_connect.common.set_setting('dict_parameter_format', 'map')
    client = connect()
    answers = {
        'connected': [client.server_version.split('.')[0], str(client.server_tz), len(client.server_settings) > 1000],
        'parameters': parameters(client),
        'form': connect(form_encode_query_params=True).query('SELECT {s:String}', {'s': HARD}).result_rows,
        'inlined': client.query('SELECT %(s)s, %(n)s', {'s': HARD, 'n': 3}).result_rows,
        'command': client.command('SELECT 42'),
        'raw': client.raw_query('SELECT 1 AS a', fmt='CSVWithNames').decode(),
        'stream': stream(client),
        'summary': client.query('SELECT number FROM numbers(5)', settings={'query_id': 'mine'}).summary,
        'settings': client.query(
            'SELECT toTypeName(b) FROM (SELECT 1 AS a) AS x LEFT JOIN (SELECT 2 AS a, 1 AS b) AS y USING a',
            settings={'join_use_nulls': 1, 'max_execution_time': 5, 'max_block_size': 1000, 'session_id': 's'},
        ).result_rows,
        'columns': list(client.query('SELECT * FROM frames LIMIT 0').column_names),
        'unknown column': failure(lambda: client.query('SELECT nope FROM frames')),
        'drop': failure(lambda: client.command('DROP TABLE frames')),
        'insert': failure(lambda: connect(compress=False).insert('frames', [['a']], column_names=['channel_id'])),
        'stranger': failure(lambda: clickhouse_connect.get_client(host=HOST, port=PORT, password='wrong')),
        'late': {},
        'questions': {},
    }
    for compress in (False, 'gzip', 'deflate', True):
        asking = connect(compress=compress)
        answers['late'][str(compress)] = late_error(asking)
        answers['questions'][str(compress)] = [plain(asking.query(query).result_rows) for query in QUESTIONS]
    json.dump(answers, sys.stdout)


main()
