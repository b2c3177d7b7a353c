"""What others do with our topics: rows of a seeded generator are written with pyarrow and fastavro, and what Millrace wrote is read with them.

Knows nothing of Millrace but its file's promises: `notional` is price * size. Floats are compared by their bits, so they travel as hex.

    others.py make FOLDER REGISTRY SEED ROWS   json.txt, avro/N, arrow/N (one message each), expected.json
    others.py read json|avro|arrow REGISTRY    kcat's '%S\\n%s' of each message on standard input -> rows as JSON
"""

import datetime
import decimal
import io
import json
import pathlib
import random
import struct
import sys
import urllib.request

import fastavro
import pyarrow as pa

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
ARROW = pa.schema(
    [
        pa.field("ts_event", pa.timestamp("ns", "UTC"), nullable=False),
        pa.field("symbol", pa.dictionary(pa.int32(), pa.utf8()), nullable=False),
        pa.field("price", pa.float64(), nullable=False),
        pa.field("size", pa.float64(), nullable=False),
        pa.field("trade_id", pa.int64(), nullable=True),
        pa.field("note", pa.utf8(), nullable=True),
        pa.field("flag", pa.bool_(), nullable=False),
    ]
)


def rows_of(seed, count):
    """Trades with what formats get wrong: int64 beyond 2^53, nulls, text beyond ASCII, floats that no short decimal is."""
    dice = random.Random(seed)
    for number in range(count):
        micros = 1_700_000_000_000_000 + number * 1_000_003 + dice.randrange(1000)
        yield {
            "ts_event": micros * 1000,
            "symbol": dice.choice(["BTCUSDT", "ETHUSDT", "日経225", "Ω-\"quoted\", comma"]),
            "price": dice.random() * 10 ** dice.randrange(-3, 6),
            "size": dice.randrange(1, 10**6) / 8,
            "trade_id": None if dice.random() < 0.1 else (1 << 53) + dice.randrange(1 << 62),
            "note": dice.choice([None, "", "plain", "ünïcödé 🙂", "tab\tand\nline"]),
            "flag": dice.random() < 0.5,
        }


def shown(row, with_flag=True):
    """A row as text that is equal only where every bit is."""
    text = {
        "ts_event": str(row["ts_event"]),
        "symbol": row["symbol"],
        "notional": float(row["notional"]).hex(),
        "size": float(row["size"]).hex(),
        "trade_id": None if row["trade_id"] is None else str(row["trade_id"]),
        "note": row["note"],
    }
    return {**text, "flag": bool(row["flag"])} if with_flag else text


def registered(registry, path):
    with urllib.request.urlopen(registry + path, timeout=10) as answer:
        return json.load(answer)


def framed(schema_id, parsed, record):
    """The Confluent wire format: a zero byte, the schema's id in four bytes, the record."""
    out = io.BytesIO()
    out.write(b"\0" + struct.pack(">I", schema_id))
    fastavro.schemaless_writer(out, parsed, record)
    return out.getvalue()


def make(folder, registry, seed, count):
    folder = pathlib.Path(folder)
    rows = list(rows_of(int(seed), int(count)))
    lines = [json.dumps({**row, "ts_event": str(row["ts_event"])}, ensure_ascii=False) for row in rows]
    (folder / "json.txt").write_text("\n".join(lines) + "\n", encoding="utf8")

    held = registered(registry, "/subjects/trades-value/versions/latest")
    parsed = fastavro.parse_schema(json.loads(held["schema"]))
    (folder / "avro").mkdir()
    for number, row in enumerate(rows):
        record = {
            **row,
            "ts_event": EPOCH + datetime.timedelta(microseconds=row["ts_event"] // 1000),
            "size": decimal.Decimal(row["size"]),
        }
        (folder / "avro" / f"{number:06}").write_bytes(framed(held["id"], parsed, record))

    (folder / "arrow").mkdir()
    for start in range(0, len(rows), 100):
        part = rows[start : start + 100]
        arrays = [
            pa.array([row[field.name] for row in part], pa.utf8()).dictionary_encode()
            if pa.types.is_dictionary(field.type)
            else pa.array([row[field.name] for row in part], field.type)
            for field in ARROW
        ]
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, ARROW) as writer:
            writer.write_batch(pa.record_batch(arrays, schema=ARROW))
        (folder / "arrow" / f"{start:06}").write_bytes(sink.getvalue())

    expected = [{**row, "notional": row["price"] * row["size"]} for row in rows]
    (folder / "expected.json").write_text(json.dumps([shown(row) for row in expected]))


def messages(data):
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        size = int(data[at:end])
        yield data[end + 1 : end + 1 + size]
        at = end + 1 + size


def read_json(value, _):
    row = json.loads(value)
    iso, fraction = row["ts_event"].rstrip("Z").split(".")
    seconds = datetime.datetime.fromisoformat(iso + "+00:00") - EPOCH
    yield {**row, "ts_event": (seconds.days * 86400 + seconds.seconds) * 10**9 + int(fraction.ljust(9, "0"))}


SCHEMAS = {}


def read_avro(value, registry):
    zero, schema_id = struct.unpack(">bI", value[:5])
    assert zero == 0
    if schema_id not in SCHEMAS:
        SCHEMAS[schema_id] = fastavro.parse_schema(json.loads(registered(registry, f"/schemas/ids/{schema_id}")["schema"]))
    body = io.BytesIO(value[5:])
    row = fastavro.schemaless_reader(body, SCHEMAS[schema_id])
    assert body.read() == b""
    elapsed = row["ts_event"] - EPOCH
    yield {**row, "ts_event": ((elapsed.days * 86400 + elapsed.seconds) * 10**6 + elapsed.microseconds) * 1000}


def read_arrow(value, _):
    table = pa.ipc.open_stream(value).read_all()
    table.validate(full=True)
    times = table["ts_event"].cast(pa.int64()).to_pylist()
    for row, time in zip(table.drop_columns(["ts_event"]).to_pylist(), times):
        yield {**row, "ts_event": time}


def read(kind, registry):
    reader = {"json": read_json, "avro": read_avro, "arrow": read_arrow}[kind]
    rows = [shown(row) for value in messages(sys.stdin.buffer.read()) for row in reader(value, registry)]
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]](*sys.argv[2:])
