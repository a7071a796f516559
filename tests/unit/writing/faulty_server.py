"""A server of chat completions on this machine that answers as a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Told:
    """What a server does with one call.

    Attributes:
        status, headers: Of the answer.
        body: Of the answer.
        cut: Bytes of the body after which the connection ends.
        seconds: Before it answers.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    seconds: float = 0.0


@dataclass
class Received:
    """One call as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float


@dataclass
class FaultyServer:
    """Where it listens, and what it was asked."""

    url: str
    received: list[Received] = field(default_factory=list)


def chat(text: str, *, tokens: int | None = 20, finish: str = "stop", **more: Any) -> Told:
    """A whole answer with a text."""
    value: dict[str, Any] = {
        "model": "tiny-1",
        "choices": [{"message": {"content": text}, "finish_reason": finish}],
        **more,
    }
    if tokens is not None:
        value["usage"] = {"total_tokens": tokens}
    return Told(json.dumps(value).encode())


@contextmanager
def serving(answer: Callable[[int, Received], Told]) -> Iterator[FaultyServer]:
    """A server that answers its n-th call, counted from 0, as the function says."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            call = Received(self.path, dict(self.headers), json.loads(body), time.monotonic())
            with lock:
                number = len(server.received)
                server.received.append(call)
            told = answer(number, call)
            time.sleep(told.seconds)
            try:
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(told.body)))
                self.end_headers()
                self.wfile.write(told.body[: told.cut])
            except OSError:
                pass  # whoever asked has gone
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    server = FaultyServer(f"http://127.0.0.1:{listening.server_port}/v1")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
