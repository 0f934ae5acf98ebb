"""Everything that one stand-in knows, shared by its services."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from tests.google.stand_in.clock import Clock
from tests.google.stand_in.faults import Faults
from tests.google.stand_in.files import Files
from tests.google.stand_in.people import People
from tests.google.stand_in.sheets import Sheets


@dataclass
class World:
    """One stand-in's state. Services run under its lock, one request at a time."""

    root: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    no_quota_for_service_accounts: bool = True
    is_quota_full: bool = False
    disabled_apis: set[str] = field(default_factory=set)
    is_network_down: bool = False
    pages: dict[str, tuple[Any, list[str]]] = field(default_factory=dict)
    uploads: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.people = People(self.clock, lock=self.lock)
        self.files = Files(self.clock, self.lock)
        self.sheets = Sheets(self.files)
