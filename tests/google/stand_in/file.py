"""One file of the stand-in's Drive."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
DOCUMENT = "application/vnd.google-apps.document"
SPREADSHEET = "application/vnd.google-apps.spreadsheet"
NATIVE = "application/vnd.google-apps."


@dataclass(eq=False)
class File:
    """One file, folder, shortcut or document of Google's own."""

    id: str
    name: str
    mime: str
    owner: str
    parents: list[str]
    created: datetime
    modified: datetime
    content: bytes | None = None
    told: dict[str, str] = field(default_factory=dict)
    old_contents: list[bytes] = field(default_factory=list)
    head_revision: str = ""
    version: int = 1
    is_trashed: bool = False
    apps: set[str] = field(default_factory=set)
    properties: dict[str, str] = field(default_factory=dict)
    app_properties: dict[str, dict[str, str]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    drive: str = ""
    target: str = ""
    description: str = ""
    sheet: Any = None
    listed_from: int = 0

    @property
    def etag(self) -> str:
        """v2's etag: another one after any change."""
        digest = hashlib.md5(f"{self.id}/{self.version}".encode(), usedforsecurity=False).digest()
        return f'"{base64.urlsafe_b64encode(digest).decode().rstrip("=")}"'

    def hold(self, data: bytes) -> None:
        """Take new bytes, and tell their size and checksums."""
        if self.content is not None:
            self.old_contents.append(self.content)
        self.content = data
        self.told = {
            "size": str(len(data)),
            "md5Checksum": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "sha1Checksum": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
            "sha256Checksum": hashlib.sha256(data).hexdigest(),
        }
