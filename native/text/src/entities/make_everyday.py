"""Writes everyday-words.txt: words that headlines write in lower case at least three times.

    python3 make_everyday.py ../shared/data/news/headlines.ndjson.gz > everyday-words.txt

Source: headlines of SEntFiN (MIT). A headline's first word does not count, since it says nothing of its case, and neither does it matter.
"""
import collections
import gzip
import json
import re
import sys

FEWEST = 3
CALENDAR = "january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday".split()

counts = collections.Counter()
with gzip.open(sys.argv[1], "rt", encoding="utf8") as file:
    for line in file:
        counts.update(re.findall(r"(?<![\w&'’.-])[a-z]{2,}(?![\w&])", json.loads(line)["headline"]))
print("\n".join(sorted({*CALENDAR, *(word for word, count in counts.items() if count >= FEWEST)})))
