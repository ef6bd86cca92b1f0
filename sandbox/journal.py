"""The stand-in's memory: one append-only file of JSON lines."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from sandbox.wire import Json


class Journal:
    """Survives a killed process (each line reaches the operating system), not a power cut."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "journal.jsonl"
        self.path.touch(mode=0o600)  # it keeps the settings, tokens among them
        self._file = self.path.open("ab", buffering=0)
        self._lock = Lock()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise SystemExit(f"{directory}: another stand-in is using this directory.") from None

    def read(self) -> Iterator[Json]:
        """Every line ever written, oldest first. A last line torn by a crash is cut away."""
        whole = 0
        with self.path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield json.loads(line)
        os.truncate(self.path, whole)

    def append(self, kind: str, record: Any) -> None:
        line = json.dumps({kind: record}, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._file.write(line)

    def clear(self) -> None:
        with self._lock:
            self._file.truncate(0)

    def close(self) -> None:
        self._file.close()
