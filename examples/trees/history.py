"""Rows that Millrace wrote: features as float32, which is what a model is asked with, labels, and when each was known."""

import csv
import hashlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np


@dataclass(frozen=True)
class History:
    x: np.ndarray  # float32, rows x features
    returns: np.ndarray  # logarithmic return over the horizon
    up: np.ndarray  # whether the price rose
    origin: np.ndarray  # day of the row, datetime64[D]
    known: np.ndarray  # day its label was known, datetime64[D]
    left_out: int  # rows that lacked a feature
    sha256: str  # of the file

    def __len__(self) -> int:
        return len(self.up)

    def part(self, rows: np.ndarray) -> "History":
        """The rows of a mask or of indices."""
        return History(self.x[rows], self.returns[rows], self.up[rows], self.origin[rows], self.known[rows], self.left_out, self.sha256)


def day(text: str) -> np.datetime64:
    return np.datetime64(datetime.fromisoformat(text[:10]), "D")


def read(path: str, features: list[str]) -> History:
    """Reads a file of operator `label`; an empty field is null, and a row without all its features teaches nothing."""
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    whole = [row for row in rows if all(row[name] for name in features)]
    return History(
        x=np.array([[float(row[name]) for name in features] for row in whole], dtype=np.float32),
        returns=np.array([float(row["label_return"]) for row in whole]),
        up=np.array([row["label_up"] == "true" for row in whole]),
        origin=np.array([day(row["ts_origin"]) for row in whole]),
        known=np.array([day(row["ts_event"]) for row in whole]),
        left_out=len(rows) - len(whole),
        sha256=sha256,
    )
