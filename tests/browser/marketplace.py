"""The marketplace stand-in as a program of its own, as a seller would start it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
_ADDRESS = re.compile(r"http://\S+:\d+")


@dataclass
class Marketplace:
    url: str
    process: subprocess.Popen[str]

    def control(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET without a body, POST with one. Raises for a refusal."""
        address = f"{self.url}/_control/{path}"
        if body is None:
            answer = requests.get(address, timeout=60)
        else:
            answer = requests.post(address, json=body, timeout=60)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    def page(self, path: str) -> str:
        return requests.get(f"{self.url}{path}", timeout=60).text

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


def start(data: Path, **settings: str) -> Marketplace:
    """Starts it on a free port; `settings` are its options, with underscores."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(data), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    line = process.stdout.readline()
    found = _ADDRESS.search(line)
    if not found:
        process.kill()
        raise RuntimeError(f"The stand-in did not start: {line!r}")
    return Marketplace(found[0], process)


def wait_for(condition: Any, *, seconds: float = 20.0) -> Any:
    """What `condition` gives once it is true. Raises TimeoutError when it never is."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.2)
    return value
