"""PostgreSQL and Redis from wheels: shared, recovered, gone with the last user."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from config import embedded
from config.embedded import Embedded, EmbeddedError, sharing

ROOT = Path(__file__).resolve().parents[2]


def _cluster(servers: Embedded) -> Path:
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(row[0])


def _postmaster(servers: Embedded) -> int:
    return int((_cluster(servers) / "postmaster.pid").read_text().split()[0])


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def _remember(servers: Embedded, word: str) -> None:
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS memory (word text)")
        connection.execute("INSERT INTO memory VALUES (%s)", [word])
    with Redis.from_url(servers.redis_url) as redis:
        redis.rpush("memory", word)


def _memory(servers: Embedded) -> tuple[list[str], list[str]]:
    with psycopg.connect(servers.database_url) as connection:
        rows = connection.execute("SELECT word FROM memory ORDER BY ctid").fetchall()
    with Redis.from_url(servers.redis_url) as redis:
        return [row[0] for row in rows], [word.decode() for word in redis.lrange("memory", 0, -1)]


def test_starts_both_and_leaves_nothing_running(directory):
    with embedded.running(directory / "servers") as servers:
        postmaster = _postmaster(servers)
        _remember(servers, "here")
        assert _memory(servers) == (["here"], ["here"])
    assert not _is_alive(postmaster)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(servers.database_url)


def test_finds_its_data_on_the_second_start(directory):
    for word in ("first", "second"):
        with embedded.running(directory / "servers") as servers:
            _remember(servers, word)
            memory = _memory(servers)
    assert memory == (["first", "second"], ["first", "second"])


def test_shares_running_servers_until_the_last_user_leaves(directory):
    first = embedded.start(directory / "servers")
    second = embedded.start(directory / "servers")
    postmaster = _postmaster(first)
    assert (second.database_url, second.redis_url) == (first.database_url, first.redis_url)
    assert _postmaster(second) == postmaster
    first.stop()
    assert _postmaster(second) == postmaster
    second.stop()
    assert not _is_alive(postmaster)


def test_ends_with_a_user_that_was_killed(directory):
    code = (
        "import sys, time; from pathlib import Path; from config import embedded;"
        "print(embedded.start(Path(sys.argv[1])).database_url, flush=True); time.sleep(60)"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", code, str(directory / "servers")], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert user.stdout is not None
    url = user.stdout.readline().decode().strip()
    user.kill()
    user.communicate()

    def ended() -> bool:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return True
        return False

    assert _wait_until(ended)
    assert _wait_until(lambda: sharing._keeper_has_ended(directory / "servers"))


def test_recovers_when_the_keeper_was_killed(directory):
    first = embedded.start(directory / "servers")
    _remember(first, "kept")
    postmaster = _postmaster(first)
    assert first._keeper is not None
    first._keeper.kill()
    first._keeper.wait()
    with embedded.running(directory / "servers") as second:
        assert _postmaster(second) != postmaster
        assert _memory(second) == (["kept"], ["kept"])
    first.stop()


def test_starts_a_server_again_that_was_killed(directory):
    with embedded.running(directory / "servers") as servers:
        _remember(servers, "kept")
        postmaster = _postmaster(servers)
        os.kill(postmaster, signal.SIGKILL)

        def back() -> bool:
            try:
                return _postmaster(servers) != postmaster
            except (psycopg.OperationalError, FileNotFoundError):
                return False

        assert _wait_until(back)
        assert _memory(servers)[0] == ["kept"]


def test_ignores_a_stale_pid_file_that_names_somebody_elses_process(directory):
    with embedded.running(directory / "servers") as servers:
        _remember(servers, "kept")
        cluster = _cluster(servers)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (cluster / "postmaster.pid").write_text(
            f"{stranger.pid}\n{cluster}\n1\n5432\n\n\n\nready\n"
        )
        with embedded.running(directory / "servers") as servers:
            assert _memory(servers)[0] == ["kept"]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_works_where_the_path_is_too_long_for_a_socket(directory):
    deep = directory / ("long-" * 20) / ("longer-" * 20) / "servers"
    with embedded.running(deep) as servers:
        assert len(str(deep)) > 200
        _remember(servers, "deep")
        assert _memory(servers) == (["deep"], ["deep"])


def test_works_where_the_path_has_spaces_and_quotes(directory):
    with embedded.running(directory / 'it\'s a "fine", place') as servers:
        _remember(servers, "odd")
        assert _memory(servers) == (["odd"], ["odd"])


def test_works_below_a_directory_that_only_we_may_enter(directory):
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    for word in ("first", "second"):
        with embedded.running(closed / "servers") as servers:
            _remember(servers, word)
            memory = _memory(servers)
    assert memory == (["first", "second"], ["first", "second"])
    assert closed.stat().st_mode & 0o777 == 0o700
    elsewhere = closed / "servers" / "elsewhere"
    # Only root has to go elsewhere: PostgreSQL then runs as an account that cannot get in.
    assert elsewhere.exists() == (os.geteuid() == 0)
    if elsewhere.exists():
        shutil.rmtree(elsewhere.read_text())


def test_leaves_nothing_elsewhere_of_what_was_thrown_away(directory):
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    servers = embedded.start(closed / "servers", throwaway=True)
    cluster = _cluster(servers)
    assert cluster.is_dir()
    servers.stop()
    assert not cluster.parent.exists()
    assert list(closed.iterdir()) == []


def test_removes_what_was_thrown_away():
    servers = embedded.start_throwaway()
    directory = servers.data_dir
    assert (directory / "postgres.log").exists()
    servers.stop()
    assert not directory.exists()


def test_shows_the_end_of_the_log_when_a_server_cannot_start(directory):
    with embedded.running(directory / "servers") as servers:
        cluster = _cluster(servers)
    (cluster / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting") as refusal:
        embedded.start(directory / "servers")
    assert str(directory / "servers" / "postgres.log") in str(refusal.value)


def test_names_urls_for_this_process_and_its_children(directory, monkeypatch):
    registered: list[Callable[[], None]] = []
    monkeypatch.setattr("atexit.register", registered.append)
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/portal")
    monkeypatch.delenv("REDIS_URL")
    embedded.ensure_urls(directory)
    assert os.environ["DATABASE_URL"] == "postgresql://elsewhere/portal"
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        assert redis.ping()
    registered[0]()


def test_a_failed_throwaway_start_says_why_and_leaves_nothing(directory):
    (directory / "servers").mkdir()
    (directory / "servers" / "redis").write_text("a file where a directory should be")
    with pytest.raises(EmbeddedError, match="redis"):
        embedded.start(directory / "servers", throwaway=True)
    assert list(directory.iterdir()) == []
