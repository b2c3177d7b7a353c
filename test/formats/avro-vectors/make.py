"""Writes `fastavro.json`: payloads that another implementation of Avro made, and what it reads from them.

    python3 -m venv v && v/bin/pip install fastavro==1.13.1 && v/bin/python make.py

Integers are written as text where they may exceed 2^53; bytes as hex. Rows hold what the columns must hold: times as ns.
"""

import datetime as dt
import decimal
import io
import json
import os
import struct

import fastavro

HERE = os.path.dirname(os.path.abspath(__file__))
UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


def body(schema, record):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), record)
    return out.getvalue()


def ns(micros):
    return str(micros * 1000)


def stamp(micros):
    return EPOCH + dt.timedelta(microseconds=micros)


def case(name, schema, records, rows, options=None):
    return {"name": name, "schema": schema, "options": options or {}, "payloads": [body(schema, r).hex() for r in records], "rows": rows}


def record(*fields, name="Row", **more):
    return {"type": "record", "name": name, "namespace": "test", "fields": list(fields), **more}


def field(name, kind, **more):
    return {"name": name, "type": kind, **more}


LONGS = [0, -1, 1, 63, 64, -64, -65, 8191, 8192, 2**31 - 1, -(2**31), 2**31, 2**32, -(2**32) - 1, 2**52, 2**53 + 1, -(2**53) - 1, 2**62,
         2**63 - 1, -(2**63)]
INTS = [0, -1, 1, 63, -64, 64, 2**31 - 1, -(2**31)]
DOUBLES = [0.0, -0.0, 1.5, -1e-300, 5e-324, 1.7976931348623157e308, 0.1]
STAMPS = [0, -1, 1, 1_700_000_000_123_456, -6_200_000_000_000_001, 4_194_304_000, 9_000_000_000_000_000]
DECIMALS = ["0", "1.25", "-1.25", "12345678901.99", "-0.01"]
WIDE = ["0", "-1.000000000000000001", "123456789012345678901234567890.123456789", "0.1"]


def logical(kind, name, **more):
    return {"type": kind, "logicalType": name, **more}


def scaled(text, scale):
    return str(int(decimal.Decimal(text).scaleb(scale)))


def cases():
    yield case("long", record(field("v", "long")), [{"v": v} for v in LONGS], [{"v": str(v)} for v in LONGS])
    yield case("int", record(field("v", "int")), [{"v": v} for v in INTS], [{"v": v} for v in INTS])
    yield case("double", record(field("v", "double")), [{"v": v} for v in DOUBLES], [{"v": v} for v in DOUBLES])
    yield case("float", record(field("v", "float")), [{"v": v} for v in (0.0, 1.5, -2.25, 0.1)],
               [{"v": v} for v in (0.0, 1.5, -2.25, struct.unpack("f", struct.pack("f", 0.1))[0])])
    yield case("boolean", record(field("v", "boolean")), [{"v": v} for v in (True, False, True)], [{"v": v} for v in (True, False, True)])
    texts = ["", "a", "BTCUSDT", "\u00e9\u20ac\U0001f600", "x" * 300]
    yield case("string", record(field("v", "string")), [{"v": v} for v in texts], [{"v": v} for v in texts])
    words = ["a", "b", "a", "", "\u20ac"]
    yield case("words", record(field("v", "string")), [{"v": v} for v in words], [{"v": v} for v in words], {"words": ["v"]})
    yield case("bytes", record(field("v", "bytes")), [{"v": v} for v in (b"", b"\x00\xff", b"q" * 200)],
               [{"v": v.hex()} for v in (b"", b"\x00\xff", b"q" * 200)])
    fixed = {"type": "fixed", "name": "Four", "size": 4}
    yield case("fixed", record(field("v", fixed)), [{"v": b"abcd"}, {"v": b"\x00\x01\x02\x03"}], [{"v": "61626364"}, {"v": "00010203"}])
    side = {"type": "enum", "name": "Side", "symbols": ["buy", "sell"]}
    yield case("enum", record(field("a", side), field("b", "test.Side"), field("c", ["null", "Side"])),
               [{"a": "sell", "b": "buy", "c": None}, {"a": "buy", "b": "buy", "c": "sell"}],
               [{"a": "sell", "b": "buy", "c": None}, {"a": "buy", "b": "buy", "c": "sell"}])
    nullable = record(field("l", ["null", "long"]), field("d", ["double", "null"]), field("s", ["null", "string"]),
                      field("b", ["null", "boolean"]), field("t", ["null", logical("long", "timestamp-millis")]), field("o", ["int"]))
    moment = stamp(1_700_000_000_123_000)
    yield case("nulls", nullable,
               [{"l": None, "d": 1.5, "s": "x", "b": True, "t": None, "o": 1}, {"l": 2**60, "d": None, "s": None, "b": None, "t": moment, "o": 2},
                {"l": 1, "d": 2.5, "s": "", "b": False, "t": moment, "o": 3}],
               [{"l": None, "d": 1.5, "s": "x", "b": True, "t": None, "o": 1},
                {"l": str(2**60), "d": None, "s": None, "b": None, "t": "1700000000123000000", "o": 2},
                {"l": "1", "d": 2.5, "s": "", "b": False, "t": "1700000000123000000", "o": 3}])
    yield case("timestamp-micros", record(field("v", logical("long", "timestamp-micros"))), [{"v": stamp(v)} for v in STAMPS],
               [{"v": ns(v)} for v in STAMPS])
    millis = [v // 1000 * 1000 for v in STAMPS]
    yield case("timestamp-millis", record(field("v", logical("long", "timestamp-millis"))), [{"v": stamp(v)} for v in millis],
               [{"v": ns(v)} for v in millis])
    yield case("timestamp-nanos", record(field("v", logical("long", "timestamp-nanos"))), [{"v": v} for v in LONGS],
               [{"v": str(v)} for v in LONGS])
    days = [dt.date(1970, 1, 1), dt.date(1969, 12, 31), dt.date(2024, 2, 29), dt.date(1800, 1, 1), dt.date(2250, 12, 31)]
    yield case("date", record(field("v", logical("int", "date"))), [{"v": v} for v in days],
               [{"v": str((v - dt.date(1970, 1, 1)).days * 86_400_000_000_000)} for v in days])
    clock = dt.time(23, 59, 59, 999000)
    yield case("times", record(field("m", logical("int", "time-millis")), field("u", logical("long", "time-micros"))),
               [{"m": clock, "u": clock}], [{"m": "86399999000000", "u": "86399999000000"}])
    price = logical("bytes", "decimal", precision=20, scale=2)
    yield case("decimal-bytes", record(field("v", price)), [{"v": decimal.Decimal(v)} for v in DECIMALS], [{"v": float(v)} for v in DECIMALS])
    yield case("decimal-exact", record(field("v", price)), [{"v": decimal.Decimal(v)} for v in DECIMALS],
               [{"v": scaled(v, 2)} for v in DECIMALS], {"decimals": "exact"})
    wide = {"type": "fixed", "name": "Wide", "size": 20, "logicalType": "decimal", "precision": 47, "scale": 18}
    yield case("decimal-fixed", record(field("v", wide)), [{"v": decimal.Decimal(v)} for v in WIDE], [{"v": float(decimal.Decimal(v))} for v in WIDE])
    level = {"type": "record", "name": "Level", "fields": [field("p", "double"), field("n", "long"), field("next", ["null", "Level"])]}
    book = record(field("symbol", "string"), field("bids", {"type": "array", "items": level}), field("tags", {"type": "map", "values": "string"}),
                  field("any", ["null", "string", "long"]), field("seq", "long"))
    row = {"symbol": "BTC", "bids": [{"p": 1.5, "n": 2**60, "next": {"p": 2.5, "n": 1, "next": None}}], "tags": {"k": "v\""}, "any": 7, "seq": 9}
    yield case("nested-json", book, [row, {**row, "bids": [], "tags": {}, "any": None}],
               [{"symbol": "BTC", "bids": '[{"p":1.5,"n":1152921504606846976,"next":{"p":2.5,"n":1,"next":null}}]', "tags": '{"k":"v\\""}', "any": "7", "seq": "9"},
                {"symbol": "BTC", "bids": "[]", "tags": "{}", "any": "null", "seq": "9"}], {"nested": "json"})
    yield case("nested-left-out", book, [row], [{"symbol": "BTC", "seq": "9"}], {"only": ["symbol", "seq"]})


def evolution(name, writer, reader, written, row):
    data = body(writer, written)
    read = fastavro.schemaless_reader(io.BytesIO(data), fastavro.parse_schema(writer), fastavro.parse_schema(reader))
    return {"name": name, "writer": writer, "reader": reader, "payload": data.hex(), "read": {k: str(v) if isinstance(v, int) else v for k, v in read.items()},
            "row": row}


def evolutions():
    base = record(field("id", "long"), field("price", "double"))
    yield evolution("field added with a default", base, record(field("id", "long"), field("price", "double"), field("venue", "string", default="x")),
                    {"id": 2**60 + 1, "price": 1.5}, {"id": str(2**60 + 1), "price": 1.5, "venue": "x"})
    yield evolution("field removed, others in another order", record(field("tags", {"type": "array", "items": "string"}), field("price", "double"), field("id", "long")),
                    base, {"tags": ["a", "b"], "price": 2.5, "id": 7}, {"id": "7", "price": 2.5})
    yield evolution("promotions", record(field("id", "int"), field("price", "float")), base, {"id": -5, "price": 0.5}, {"id": "-5", "price": 0.5})
    yield evolution("long to double", record(field("id", "long"), field("price", "long")), base, {"id": 1, "price": 123456789012}, {"id": "1", "price": 123456789012.0})
    yield evolution("made nullable", base, record(field("id", ["null", "long"]), field("price", ["null", "double"]), field("note", ["null", "string"], default=None)),
                    {"id": 2**62, "price": 3.5}, {"id": str(2**62), "price": 3.5, "note": None})
    yield evolution("renamed by an alias", base, record(field("number", "long", aliases=["id"]), field("price", "double")),
                    {"id": 4, "price": 4.5}, {"number": "4", "price": 4.5})


with open(os.path.join(HERE, "fastavro.json"), "w") as out:
    json.dump({"versions": {"fastavro": fastavro.__version__}, "cases": list(cases()), "evolutions": list(evolutions())}, out, indent=1)
    out.write("\n")
