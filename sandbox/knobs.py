"""How badly the marketplace behaves: latency, errors, 429 and dropped connections."""

import random
import re
from dataclasses import asdict, dataclass, field, fields, replace
from threading import Lock
from typing import Any

from sandbox.wire import Json, Refused

# In this order the rates share the interval [0, 1): together they must not exceed 1.
FAULTS = {
    "throttle": "429 with Retry-After, nothing done",
    "error": "a 5xx, nothing done",
    "error-after": "a 5xx although the call took effect",
    "drop-before": "the connection closes without an answer, nothing done",
    "drop-after": "the connection closes without an answer although the call took effect",
}


@dataclass(frozen=True)
class Settings:
    latency_ms: int = 0
    jitter_ms: int = 0
    throttle_rate: float = 0.0
    error_rate: float = 0.0
    error_after_rate: float = 0.0
    drop_before_rate: float = 0.0
    drop_after_rate: float = 0.0
    error_status: int = 503
    retry_after_s: int = 1
    hook_repeat_rate: float = 0.0  # events sent twice
    hook_spread_ms: int = 0  # events delayed by up to this much, so that they overtake each other
    path: str = ""  # regular expression; only calls whose path it finds are touched
    seed: int | None = None
    script: tuple[str, ...] = field(default=())  # faults for the next calls, before the rates

    def rates(self) -> dict[str, float]:
        return {fault: getattr(self, fault.replace("-", "_") + "_rate") for fault in FAULTS}


class Knobs:
    def __init__(self) -> None:
        self._lock = Lock()
        self.settings = Settings()
        self.turn({})

    def turn(self, changes: Json) -> Json:
        """Set every knob named in `changes`; the others keep their place only if absent from it.

        Raises Refused(400) naming the knob that cannot take the value; then nothing moved.
        """
        settings = replace(
            self.settings, **{name: _value(name, raw) for name, raw in changes.items()}
        )
        if not 0 <= sum(settings.rates().values()) <= 1:
            raise Refused(400, "1", "The rates together must lie between 0 and 1.")
        with self._lock:
            self.settings = settings
            self._script = list(settings.script)
            self._random = random.Random(settings.seed)
            self._path = re.compile(settings.path)
        return self.show()

    def reset(self) -> None:
        self.settings = Settings()
        self.turn({})

    def show(self) -> Json:
        return asdict(self.settings) | {"script": list(self._script)}

    def draw(self, path: str) -> tuple[str, float]:
        """The fault for one call ("" for none) and how many seconds it takes."""
        knobs = self.settings
        if not self._path.search(path):
            return "", 0.0
        with self._lock:
            delay = (knobs.latency_ms + self._random.random() * knobs.jitter_ms) / 1000
            if self._script:
                return self._script.pop(0), delay
            lot = self._random.random()
        for fault, rate in knobs.rates().items():
            if lot < rate:
                return fault, delay
            lot -= rate
        return "", delay

    def hook_delays(self) -> list[float]:
        """Seconds after which each copy of an order event leaves: one copy, sometimes two."""
        with self._lock:
            copies = 1 + (self._random.random() < self.settings.hook_repeat_rate)
            spread = self.settings.hook_spread_ms / 1000
            return [self._random.random() * spread for _ in range(copies)]


def _value(name: str, raw: Any) -> Any:
    """`raw` (JSON or a form's text) as the knob's own type."""
    defaults = {knob.name: getattr(Settings(), knob.name) for knob in fields(Settings)}
    if name not in defaults:
        raise Refused(400, "1", f"{name}: no such knob.")
    try:
        value = _convert(name, defaults[name], raw)
    except (TypeError, ValueError, re.error):
        raise Refused(400, "1", f"{name}: cannot be {raw!r}.") from None
    if isinstance(value, int | float) and value < 0:
        raise Refused(400, "1", f"{name}: cannot be negative.")
    if name == "error_status" and not 400 <= value <= 599:
        raise Refused(400, "1", f"{name}: must be a status from 400 to 599.")
    return value


def _convert(name: str, default: Any, raw: Any) -> Any:
    if name == "script":
        return tuple(_fault(entry) for entry in raw)
    if name == "seed":
        return None if raw in (None, "") else int(raw)
    if name == "path":
        return re.compile(str(raw)).pattern
    return type(default)(raw)


def _fault(entry: str) -> str:
    if entry and entry not in FAULTS:
        raise ValueError(entry)
    return entry
