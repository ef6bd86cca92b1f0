"""Answers the portal once gave, by the query, which names the size of the cart."""

import os
from pathlib import Path

ANSWERS = {
    path.stem: path.read_bytes() for path in Path(os.environ["BENCHMARK_ANSWERS"]).glob("*.json")
}
