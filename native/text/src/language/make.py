"""Writes trigrams.txt: log odds of character trigrams in English against 28 other languages of the Latin script.

    pip download --no-deps langdetect==1.0.9 && tar xzf langdetect-1.0.9.tar.gz
    python3 make.py langdetect-1.0.9/langdetect/profiles ../shared/data/news/headlines.ndjson.gz > trigrams.txt

Frequencies: profiles of langdetect 1.0.9 (Apache-2.0; counted on Wikipedia), and for half of English the headlines of SEntFiN (MIT) with odd
ids, so that those with even ids remain to be measured on.
"""
import collections
import gzip
import json
import math
import sys

OTHERS = "af ca cs cy da de es et fi fr hr hu id it lt lv nl no pl pt ro sk sl sq sv sw tr vi".split()
KEPT = 2500
FLOOR = 2e-5  # share of a trigram that was never counted


def shares(counts):
    total = sum(counts.values())
    return {key: count / total for key, count in counts.items()}


def profile(folder, language):
    counts = collections.Counter()
    with open(f"{folder}/{language}", encoding="utf8") as file:
        for key, count in json.load(file)["freq"].items():
            if len(key) == 3 and all(c == " " or c.isalpha() for c in key):
                counts[key.lower()] += count
    return shares(counts)


def headlines(path):
    counts = collections.Counter()
    with gzip.open(path, "rt", encoding="utf8") as file:
        for line in file:
            row = json.loads(line)
            if row["id"] % 2 == 0:
                continue
            for word in "".join(c if c.isalpha() else " " for c in row["headline"].lower()).split():
                padded = f" {word} "
                counts.update(padded[i : i + 3] for i in range(len(padded) - 2))
    return shares(counts)


def main(folder, news):
    wiki, press = profile(folder, "en"), headlines(news)
    others = [profile(folder, language) for language in OTHERS]
    weights = {}
    for key in sorted({*wiki, *press, *(key for other in others for key in other)}):
        if not all(c == " " or c.isalpha() for c in key) or len(key) != 3:
            continue
        english = (wiki.get(key, 0) + press.get(key, 0)) / 2 + FLOOR
        other = sum(other.get(key, 0) for other in others) / len(others) + FLOOR
        odds = math.log(english / other)
        weights[key] = (abs(odds) * max(english, other), round(100 * odds))
    kept = sorted(weights, key=lambda key: (-weights[key][0], key))[:KEPT]
    for key in sorted(kept):
        print(f"{key.replace(' ', '_')} {weights[key][1]}")


main(*sys.argv[1:])
