"""The stand-in's web server: keep-alive, TLS, and connections that can be cut at will. 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.google.stand_in.wire import Answer, Dropped, Request

HOST = "127.0.0.1"
POLL_S = 0.005  # how long ending a server may take

Serve = Callable[[Request], Answer]


class Server(ThreadingTCPServer):
    """Serves requests in threads until it is closed, which also ends the connections that are open."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, serve: Serve, date: Callable[[], str], port: int, tls: ssl.SSLContext | None) -> None:
        super().__init__((HOST, port), Handler)
        self.serve = serve
        self.date = date
        self.tls = tls
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.serve_forever, args=(POLL_S,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begin to serve, in a thread."""
        self.thread.start()

    def close(self) -> None:
        """End: no new connections, open ones cut."""
        self.shutdown()
        self.server_close()
        with self.lock:
            connections = list(self.open)
        for connection in connections:
            cut(connection)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection; TLS is agreed on here, in its thread."""
        connection = request
        try:
            if self.tls:
                connection = self.tls.wrap_socket(request, server_side=True)
            with self.lock:
                self.open.add(connection)
            super().finish_request(connection, client_address)
        except OSError:
            pass  # the client went away, or does not trust us: its own affair
        finally:
            with self.lock:
                self.open.discard(connection)
            if self.tls and connection is not request:
                connection.close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: paths hold ids."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header, by the stand-in's clock."""
        return self.server.date()

    def version_string(self) -> str:
        """The Server header, Google's."""
        return "ESF"

    def parse_request(self) -> bool:
        """Read the head; every method goes one way."""
        is_good = super().parse_request()
        if is_good:
            setattr(self, f"do_{self.command}", self.serve)
        return is_good

    def serve(self) -> None:
        """Read the request whole, answer it."""
        request = self._request()
        try:
            answer = self.server.serve(request)
        except Dropped:
            self.close_connection = True
            cut(self.connection)
            return
        except Exception:  # a fault of the stand-in itself must be seen, and not be tried again
            traceback.print_exc()
            answer = Answer(400, b"The stand-in itself is broken: see its traceback.")
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.sent])
        self.wfile.flush()
        if answer.sent is not None:
            self.close_connection = True
            cut(self.connection)

    def _request(self) -> Request:
        method, target, body = self.command, self.path, self._body()
        if self.headers.get("X-HTTP-Method-Override") == "GET":  # how googleapiclient sends a very long address
            method, target, body = "GET", f"{target}?{body.decode()}", b""
        url = urlsplit(target)
        return Request(method, target, url.path, parse_qs(url.query, keep_blank_values=True), self.headers, body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)


def cut(connection: socket.socket) -> None:
    """End a connection now, whoever is using it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
