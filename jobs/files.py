"""Where the files of long work lie: a folder for each, below MEDIA_ROOT, for our own eyes only."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db.models.fields.files import FieldFile

_CHUNK = 1024 * 1024


def folder_of(job_id: int) -> Path:
    """Made when it is missing; nobody but the portal's own user may look into it."""
    folder = Path(settings.MEDIA_ROOT) / "jobs" / str(job_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.parent.chmod(0o700)
    return folder


def stored_name(path: Path) -> str:
    """As a FileField keeps it."""
    return path.relative_to(settings.MEDIA_ROOT).as_posix()


def path_of(stored: FieldFile) -> Path | None:
    """None when there is none, or it is not kept any more."""
    path = Path(settings.MEDIA_ROOT) / stored.name if stored.name else None
    return path if path is not None and path.is_file() else None


def create(path: Path) -> int:
    """A descriptor of a new, empty file that others can't read."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)


def keep(job_id: int, chunks: Iterable[bytes]) -> str:
    """Stores a file that somebody gave; returns its stored name."""
    path = folder_of(job_id) / f"given-{uuid.uuid4().hex}"
    with os.fdopen(create(path), "wb") as file:
        for chunk in chunks:
            file.write(chunk)
    return stored_name(path)


def copy(path: Path, job_id: int) -> str:
    """The same file for another job; returns its stored name."""
    with path.open("rb") as file:
        return keep(job_id, iter(lambda: file.read(_CHUNK), b""))


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_all(job_id: int) -> None:
    shutil.rmtree(Path(settings.MEDIA_ROOT) / "jobs" / str(job_id), ignore_errors=True)


class Output:
    """A file that grows, and whose end is known at each checkpoint: what a lost worker wrote after
    the last one is cut off by who takes over.

    Whoever takes over from a lost worker works on a copy, under a name of its own: the lost one
    may only be slow, and would write into the same file.
    """

    def __init__(self, job_id: int, *, name: str = "", size: int = 0, is_mine: bool = True) -> None:
        folder = folder_of(job_id)
        before = folder / name if name else None
        self.path = before if before and is_mine else folder / f"part-{uuid.uuid4().hex}"
        if before is None:
            descriptor = create(self.path)
        elif is_mine:
            descriptor = os.open(self.path, os.O_RDWR)
        else:
            descriptor = create(self.path)
            _copy_beginning(before, descriptor, size)
        self._file = os.fdopen(descriptor, "r+b")
        self._file.truncate(size)
        self._file.seek(size)
        self.size = size

    def write(self, text: str | bytes) -> int:
        """Appends; text as UTF-8. `csv.writer(progress.output)` works."""
        data = text.encode() if isinstance(text, str) else text
        self.size += len(data)
        return self._file.write(data)

    def secure(self) -> None:
        """From here on what was written outlives the process and the machine."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def _copy_beginning(source: Path, target: int, size: int) -> None:
    left = size
    with source.open("rb") as file:
        while left and (chunk := file.read(min(_CHUNK, left))):
            os.write(target, chunk)
            left -= len(chunk)
    if left:
        raise OSError(f"{source.name} is shorter than its checkpoint says.")
