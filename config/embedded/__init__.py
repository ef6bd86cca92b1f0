"""PostgreSQL and Redis without installing them: their binaries come with two wheels.

Used when DATABASE_URL and REDIS_URL are not given. Everything lives in one directory and is spoken
to through unix sockets that only we may open, so it cannot clash with servers on the machine.
"""

from config.embedded.sharing import (
    Embedded,
    EmbeddedError,
    ensure_urls,
    running,
    start,
    start_throwaway,
)

__all__ = ["Embedded", "EmbeddedError", "ensure_urls", "running", "start", "start_throwaway"]
