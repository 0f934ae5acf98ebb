"""A stand-in as a process: python -m tests.google.stand_in [--port N] [--tls]. Its first line is its root as JSON."""

from __future__ import annotations

import argparse
import json
import signal
import threading

from tests.google.stand_in import StandIn


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", action="store_true")
    given = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with StandIn(tls=given.tls, port=given.port) as google:
        print(json.dumps({"root": google.root, "ca": str(google.ca or "")}), flush=True)
        over.wait()


if __name__ == "__main__":
    main()
