"""Servers for tests, as this machine has them: on the loopback, at a free port, in a folder of
their own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

USER, PASSWORD = "ann", "pl4nted-w0rd"
"""Of whom tests read and write, where a password is asked for."""
_PATIENCE = 30.0


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        scheme: What its addresses begin with.
        port: On 127.0.0.1.
        root: The user who may do all, without a password.
        database: What is there to be used.
    """

    scheme: str
    port: int
    root: str
    database: str

    def url(self, settings: str = "", *, user: str = "", database: str = "") -> str:
        """An address on it."""
        place = f"{user or self.root}@127.0.0.1:{self.port}/{database or self.database}"
        return f"{self.scheme}://{place}{'?' if settings else ''}{settings}"


@contextmanager
def postgresql() -> Iterator[Server]:
    """PostgreSQL, in which only "ann" needs a password."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("no PostgreSQL here (apt-get install postgresql)")
    binaries = programs[-1].parent
    with _folder("postgres") as folder:
        data, port = folder / "data", _free_port()
        initialise = [binaries / "initdb", "--no-sync", "--auth=trust", "--username=root", "-E"]
        _run("postgres", [*initialise, "UTF8", "--locale=C", "-D", data])
        (data / "pg_hba.conf").write_text(
            f"host all {USER} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
        )
        settings = f"-F -c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories=''"
        control = [binaries / "pg_ctl", "-w", "-D", data, "-l", folder / "log"]
        _run("postgres", [*control, "-o", settings, "start"])
        try:
            yield Server("postgresql", port, "root", "postgres")
        finally:
            _run("postgres", [*control, "-m", "immediate", "stop"])


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB, in which only "ann" needs a password."""
    if shutil.which("mariadb-install-db") is None or shutil.which("mariadbd") is None:
        pytest.skip("no MariaDB here (apt-get install mariadb-server)")
    with _folder("mysql") as folder:
        data, port = folder / "data", _free_port()
        named = ["--no-defaults", f"--datadir={data}"]
        method = "--auth-root-authentication-method=normal"
        _run("mysql", ["mariadb-install-db", *named, method, "--skip-test-db"])
        (folder / "init.sql").write_text(
            f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO {USER}@'127.0.0.1';\nCREATE DATABASE shop;\n"
        )
        options = [
            *("--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder / 'socket'}"),
            *(f"--pid-file={folder / 'pid'}", f"--init-file={folder / 'init.sql'}"),
            *("--skip-log-bin", "--innodb-flush-method=nosync", "--skip-name-resolve"),
        ]
        with (folder / "log").open("wb") as log:
            command = ["mariadbd", *named, *options]
            process = subprocess.Popen(command, stdout=log, stderr=log, **_user("mysql"))
        try:
            _wait(port, process, folder / "log")
            yield Server("mysql", port, "root", "shop")
        finally:
            process.kill()  # nothing of it is kept
            process.wait(_PATIENCE)


@contextmanager
def _folder(user: str) -> Iterator[Path]:
    """A folder that a user may write to."""
    with tempfile.TemporaryDirectory(prefix="tidemill-server-", ignore_cleanup_errors=True) as name:
        found = _user(user)
        if found:
            os.chown(name, found["user"], found["group"])
        yield Path(name)


def _user(name: str) -> dict[str, Any]:
    """As whom a server runs, which root must not: nothing where this is not root."""
    if os.geteuid() != 0:
        return {}
    try:
        one = pwd.getpwnam(name)
    except KeyError:
        pytest.skip(f"no user '{name}' here, as whom the server would run")
    return {"user": one.pw_uid, "group": one.pw_gid, "extra_groups": []}


def _run(user: str, command: Sequence[object]) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        check=False,
        **_user(user),
    )
    if done.returncode:
        pytest.skip(
            f"the server does not start here: {done.stderr.decode(errors='replace')[-300:]}"
        )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.skip(f"the server does not start here: {log.read_text(errors='replace')[-300:]}")
