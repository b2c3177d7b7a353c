"""Scores that the crate has to give, by a second implementation of README.md: standard library only, nothing of the crate's is run.

Writes scores.json beside itself: the sha256 of the model and cases of text, entity, others (byte ranges) and three probabilities.
"""

import base64
import hashlib
import json
import math
import pathlib
import random
from collections import Counter

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parents[2] / "operators" / "sentiment" / "model.json"
M64 = 2**64 - 1
K = 0x9E3779B97F4A7C15
PRIME = 0x100000001B3
CLAUSES = "as while but after despite amid on though although ; , : however whereas even with".split()


def fnv(data, h=0xCBF29CE484222325):
    for byte in data:
        h = ((h ^ byte) * PRIME) & M64
    return h


def pair(a, b):
    return (((((a << 5) | (a >> 59)) & M64) ^ b) * K) & M64


def seed(c):
    return (ord(c) * PRIME) & M64


def f(c, *items):
    h = seed(c)
    for item in items:
        h = pair(h, item)
    return h


def ngrams(c, shortest, longest, items):
    padded = [seed("^"), *items, seed("$")]
    return [
        f(c, *padded[i : i + n])
        for i in range(len(padded))
        for n in range(shortest, longest + 1)
        if i + n <= len(padded)
    ]


def letters(piece):
    """Pairs of the byte as compared and the raw byte before it (None at the start of the piece)."""
    out, i = [], 0
    while i < len(piece):
        before = piece[i - 1] if i else None
        if piece[i : i + 2] == b"\xe2\x80" and i + 2 < len(piece):
            x = piece[i + 2]
            c = 0x27 if x in (0x98, 0x99) else 0x22 if x in (0x9C, 0x9D) else 0x2D if 0x90 <= x <= 0x95 else 0x20
            n = 3
        elif piece[i : i + 2] == b"\xc2\xa0":
            c, n = 0x20, 2
        else:
            c, n = piece[i : i + 1].lower()[0], 1
        out.append((c, before, i))
        i += n
    return out


def is_word(c):
    return c is not None and (c >= 0x80 or chr(c).isalnum())


def is_digit(c):
    return 0x30 <= c <= 0x39


def cut(piece):
    """Tokens of a piece: kind and letters."""
    line = letters(piece)
    at = lambda i: line[i][0] if i < len(line) else None
    tokens, i = [], 0
    while i < len(line):
        c = at(i)
        if is_word(c):
            run = [c]
            i += 1
            while i < len(line):
                c, after = at(i), at(i + 1)
                if is_word(c):
                    pass
                elif c in b"'.&" and is_word(after):
                    pass
                elif c == 0x2C and is_digit(run[-1]) and after is not None and is_digit(after):
                    pass
                else:
                    break
                run.append(c)
                i += 1
            if is_digit(run[0]):
                if all(is_digit(c) or c in b".," for c in run):
                    tokens.append(("number", b"0"))
                    continue
                short = []
                for k, c in enumerate(run):
                    if not is_digit(c):
                        short.append(c)
                    elif k == 0 or not is_digit(run[k - 1]):
                        short.append(0x30)
                run = short
            tokens.append(("word", bytes(run)))
            continue
        hyphen = c == 0x2D and line[i][1] is not None and is_word(line[i][1] | 0x20 if 0x41 <= line[i][1] <= 0x5A else line[i][1])
        if not (hyphen and is_word(at(i + 1))) and c > 0x20 and c != 0x7F:
            tokens.append(("sign", bytes([c])))
        i += 1
    return tokens


def tokenise(text, entity, others):
    start, end = min(entity[0], len(text)), min(entity[1], len(text))
    spans = []
    if start < end:
        lo, hi = max(0, start - 300), min(len(text), end + 300)
        spans.append((start, end, "target"))
    else:
        lo, hi = 0, min(len(text), 600)
    for a, b in others:
        a, b = max(a, lo), min(b, hi)
        if a < b and len(spans) < 17 and all(b <= s or e <= a for s, e, _ in spans):
            spans.append((a, b, "other"))
    tokens, at = [], lo
    for s, e, kind in sorted(spans):
        tokens += cut(text[at:s])
        tokens.append((kind, b"<t>" if kind == "target" else b"<o>"))
        at = e
        rest = letters(text[e:hi])
        if rest and rest[0][0] == 0x27:
            ends = [offset for _, _, offset in rest[1:]] + [hi - e]
            follows = lambda i: i < len(rest) and is_word(rest[i][0])
            if len(rest) > 1 and rest[1][0] == ord("s") and not follows(2):
                at = e + ends[1]
            elif not follows(1):
                at = e + ends[0]
    return tokens + cut(text[at:hi])


class Model:
    def __init__(self, path):
        raw = path.read_bytes()
        body, seal = raw.rsplit(b',\n"sha256":"', 1)
        self.hash = hashlib.sha256(body).hexdigest()
        assert seal == self.hash.encode() + b'"}\n'
        m = json.loads(raw)
        self.bits, self.blocks = m["features"]["bits"], m["features"]["blocks"]
        self.step, self.bytes = m["weights"]["step"], base64.b64decode(m["weights"]["bytes"], validate=True)
        self.maps = m["calibration"]
        self.classes = {}
        for number, line in enumerate(m["lexicon"].splitlines(), 1):
            name, words = line.split(":")
            if name == "not":
                self.negation = number
            for word in words.split():
                found = self.classes.setdefault(word.encode(), [])
                if number not in found:
                    found.append(number)

    def features(self, tokens):
        hashes = [fnv(t) for _, t in tokens]
        tags = [self.classes.get(t, []) if kind in ("word", "sign") else [] for kind, t in tokens]
        items = [c[0] if c else h for c, h in zip(tags, hashes)]
        outline = [i for i, (kind, _) in enumerate(tokens) if kind != "word" or tags[i]]
        clauses, clause = [], 0
        for kind, t in tokens:
            clause += kind in ("word", "sign") and t.decode("latin1") in CLAUSES
            clauses.append(clause)
        out = [[], [], [], [], []]
        out[0] = ngrams("W", 1, 3, hashes)
        for kind, t in tokens:
            if kind == "word" and len(t) > 1:
                w = b"^" + t[:20] + b"$"
                out[1] += [fnv(w[i : i + n], seed("C")) for n in (2, 3, 4, 5) for i in range(len(w) - n + 1)]
        negated = 0
        for c in tags:
            out[3] += [f("l", k) for k in c]
            if len(c) > 1:
                out[3].append(f("L", sum(2 ** (k - 1) for k in c)))
            if self.negation in c:
                negated = 4
            elif negated:
                negated -= 1
                out[3] += [f("n", k) for k in c]
        out[4] = ngrams("k", 1, 4, [items[i] for i in outline]) + ngrams("m", 2, 3, items)
        target = next((i for i, (kind, _) in enumerate(tokens) if kind == "target"), None)
        if target is not None:
            self.around(tokens, hashes, tags, items, outline, clauses, target, out)
        return out

    def around(self, tokens, hashes, tags, items, outline, clauses, target, out):
        def distance(i):
            d = abs(i - target)
            d = d if d <= 2 else 3 if d <= 4 else 5 if d <= 8 else 9
            return d + 16 if i > target else d

        relation = lambda i: 1 if clauses[i] < clauses[target] else 2 if clauses[i] == clauses[target] else 3
        side = lambda i: 2 if i > target else 1
        for i, h in enumerate(hashes):
            out[3] += [f("p", distance(i), k) for k in tags[i]] + [f("s", relation(i), k) for k in tags[i]]
            if i == target:
                continue
            out[2] += [f("P", distance(i), h), f("D", side(i), h), f("S", relation(i), h)]
            if i + 1 < len(hashes) and i + 1 != target:
                out[2].append(f("B", side(i), h, hashes[i + 1]))
        left = min(2, sum(kind == "other" for kind, _ in tokens[:target]))
        right = min(2, sum(kind == "other" for kind, _ in tokens[target:]))
        out[2].append(f("A", 1 + 3 * left + right))
        out[2].append(f("E", 1 if target == 0 else 3 if target == len(tokens) - 1 else 2))
        own = outline.index(target)
        out[3] += [f("q", max(-4, min(4, j - own)) + 5, items[i]) for j, i in enumerate(outline) if j != own]
        clause = [items[i] for i in outline if clauses[i] == clauses[target]]
        out[3] += ngrams("o", 1, 4, clause) + [f("O", *clause)]

    def score(self, text, entity, others):
        tokens = tokenise(text, entity, others)
        scores = [0.0, 0.0, 0.0]
        for scale, features in zip(self.blocks, self.features(tokens)):
            for feature, count in Counter(features).items():
                bucket = ((feature ^ (feature >> 32)) * K & M64) >> (64 - self.bits)
                for c in range(3):
                    byte = self.bytes[3 * bucket + c]
                    weight = (byte - 256 if byte > 127 else byte) * self.step
                    scores[c] += scale * weight * count / math.sqrt(len(features))
        kinds = {kind for kind, _ in tokens}
        table = self.maps["whole" if "target" not in kinds else "several" if "other" in kinds else "single"]
        odds = [sum(a * b for a, b in zip(row, [*scores, 1.0])) for row in table]
        parts = [math.exp(o - max(odds)) for o in odds]
        return [p / sum(parts) for p in parts]


HEADLINES = [
    "[Acme] surges 5% after Q2 net profit doubles",
    "[Acme]'s shares slump as Globex wins order",
    "<Acme> falls as [Globex] gains",
    "[Acme] falls as <Globex> gains",
    "Buy [Acme], sell <Globex>: Jane Roe, Initech Securities",
    "Brokers cut target price on [Acme]; <Globex> retained as top pick",
    "[Acme] Q2 net loss at Rs 10.4 crore",
    "No relief for [Acme] as court rejects plea, stock doesn't recover",
    "[Acme] to appoint new chief executive in 2nd quarter",
    "Is it time to exit [Acme]?",
    "“[Acme]” isn’t expensive – Roe",
    "Oil steadies near 9-month high; [gold] off lows, <silver> nurses losses",
    "1,234.5 points: [index] hits 52-week high, 3rd record in 10 days",
    "Prefer [Acme] over <Globex>, <Initech> and <Hooli>",
    "₹500 crore order lifts [Société Générale] 2.5x",
    "[Acme]-led consortium bags Rs 2,000-cr contract",
    "Auditor of [Acme] resigns, shares locked in lower circuit",
    "Markets end flat amid thin trade",
    "Sensex plunges 800 points on global rout, rupee hits new low",
    "",
    "[Acme]",
    "   ...!?  [Acme] &&& '' -- \t",
]


def marked(line):
    text, entity, others, start = b"", [0, 0], [], 0
    for byte in line.encode():
        c = chr(byte)
        if c in "[<":
            start = len(text)
        elif c == "]":
            entity = [start, len(text)]
        elif c == ">":
            others.append([start, len(text)])
        else:
            text += bytes([byte])
    return text.decode(), entity, others


def cases():
    for line in HEADLINES:
        text, entity, others = marked(line)
        yield text, entity, others
        yield text, [0, 0], []
    long = "Acme gains 3% while Globex slips; " * 40
    yield long, [700, 704], [[713, 719], [0, 4], [1300, 1306]]
    yield long, [5, 5], [[0, 4]]
    yield "x" * 2000, [900, 901], []
    yield "é" * 500 + " profit falls", [1001, 1005], [[3, 8]]
    yield "Acme up", [4, 900], [[0, 3], [2, 4], [5, 2]]
    draw = random.Random(20221)
    parts = "Acme Globex falls rises 5% Q2 not as but while ; , : ? - ' 's ’s – é ₹ 1,000 2.5x A&B U.S. net loss buy\u00a0on \x7f".split(" ")
    for _ in range(60):
        text = "".join(draw.choice(parts) + draw.choice(["", " ", " ", " "]) for _ in range(draw.randrange(1, 25)))
        size = len(text.encode())
        spot = lambda: sorted(draw.randrange(size + 2) for _ in range(2))
        yield text, spot(), [spot() for _ in range(draw.choice([0, 0, 1, 2, 20]))]


def main():
    model = Model(MODEL)
    rows = [
        {"text": text, "entity": entity, "others": others, "expected": model.score(text.encode(), entity, others)}
        for text, entity, others in cases()
    ]
    lines = ",\n".join(json.dumps(row) for row in rows)
    (HERE / "scores.json").write_text(f'{{"model": "{model.hash}", "cases": [\n{lines}\n]}}\n')


main()
