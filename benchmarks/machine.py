"""What the kernel knows of a process and its offspring: CPU time, memory, cores. Linux only."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def tree(root: int) -> list[int]:
    """`root` and all its descendants that live."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid, stat in _all_stats():
        children[int(stat[1])].append(pid)
    found = [root]
    for pid in found:
        found.extend(children[pid])
    return found


def cpu_seconds(root: int) -> float:
    """CPU time the tree has used, that of its ended (and waited for) members included."""
    ticks = 0
    for pid in tree(root):
        if stat := _stat(pid):
            ticks += sum(map(int, stat[11:15]))
    return ticks / _TICKS


def cpu_name() -> str:
    """The processor as it calls itself."""
    lines = (_PROC / "cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), "?")


def parent_of(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[1]) if stat else 0


def name_of(pid: int) -> str:
    return (_PROC / str(pid) / "comm").read_text().strip()


def memory_mib(pid: int) -> tuple[float, float]:
    """(RSS, PSS): what is resident, and the same with shared pages divided among their sharers."""
    lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return kib["Rss"] / 1024, kib["Pss"] / 1024


def pin(root: int, cores: Iterable[int]) -> None:
    """Keep the tree, every thread of it and all that it starts later, on these cores."""
    for pid in tree(root):
        for thread in (_PROC / str(pid) / "task").iterdir():
            os.sched_setaffinity(int(thread.name), set(cores))


def _all_stats() -> Iterator[tuple[int, list[str]]]:
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (stat := _stat(int(entry.name))):
            yield int(entry.name), stat


def _stat(pid: int) -> list[str]:
    """The fields after the name (state is the first); nothing when the process has ended."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(") ")[2].split()
