"""Child processes and what they used. This process stays small: what it holds, the kernel counts for its children."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

SAMPLE_S = 0.02
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


@dataclass(frozen=True)
class Usage:
    """What a child, or several together, used.

    Attributes:
        wall_s: From start to end.
        cpu_s: User and system, with its own children.
        largest: Bytes: highest resident set of the largest single process (its own word, ru_maxrss).
        together: Bytes: highest sum over processes at one moment, sampled; shared pages count in each.
    """

    wall_s: float
    cpu_s: float
    largest: int
    together: int


class ChildFailedError(Exception):
    """A child ended with an error; the message is what it said."""


@dataclass
class Watch:
    """Runs children, and watches the memory of all that run at the same time."""

    environment: Mapping[str, str]
    cwd: Path
    usages: list[Usage] = field(default_factory=list)
    together: int = 0
    _alive: dict[int, psutil.Process] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: float = 0.0

    def __enter__(self) -> Watch:
        self._is_over = threading.Event()
        self._sampler = threading.Thread(target=self._sample)
        self._sampler.start()
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s = time.perf_counter() - self._started
        self._is_over.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._is_over.wait(SAMPLE_S):
            with self._lock:
                alive = list(self._alive.values())
            total = 0
            for process in alive:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.together = max(self.together, total)

    def run(self, command: Sequence[str]) -> Usage:
        """Run one child to its end.

        Raises:
            ChildFailedError: It failed.
        """
        log = self.cwd / f"child-{threading.get_ident()}.log"
        with log.open("wb") as output:
            started = time.perf_counter()
            child = subprocess.Popen(
                command, cwd=self.cwd, env=dict(self.environment), stdout=output, stderr=subprocess.STDOUT
            )
            with self._lock:
                self._alive[child.pid] = psutil.Process(child.pid)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            wall_s = time.perf_counter() - started
        with self._lock:
            del self._alive[child.pid]
        if child.returncode:
            said = log.read_text(encoding="utf-8", errors="replace")[-4_000:]
            raise ChildFailedError(f"{' '.join(command)} ended with {child.returncode}:\n{said}")
        largest = used.ru_maxrss * _RSS_UNIT
        self.together = max(self.together, largest)
        usage = Usage(wall_s, used.ru_utime + used.ru_stime, largest, largest)
        self.usages.append(usage)
        return usage

    @property
    def total(self) -> Usage:
        """All children together, once they have ended."""
        return Usage(
            self.wall_s,
            sum(usage.cpu_s for usage in self.usages),
            max(usage.largest for usage in self.usages),
            self.together,
        )


def environment(*paths: Path) -> dict[str, str]:
    """A plain shell's: byte code is cached, and modules are found in `paths` first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PDP_"))}
    return kept | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
