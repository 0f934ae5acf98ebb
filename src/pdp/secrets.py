"""Passwords of encrypted exports: in the environment, never in a configuration, a key, a receipt or a log."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable

from pdp.errors import ConfigError

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


def passwords(names: Iterable[str], where: str = "passwords_from") -> tuple[str, ...]:
    """The passwords that environment variables hold.

    Raises:
        ConfigError: A variable is not set. What does not look like a variable's name is not repeated: it may be a
            password that was written where its variable's name belongs.
    """
    found = []
    for place, name in enumerate(names, start=1):
        password = os.environ.get(name) if name and not set(name) & {"=", "\0"} else None
        if not password and _NAME.fullmatch(name):
            raise ConfigError(
                f"the environment variable {name} is not set.",
                where=where,
                hint=f"Set it (export {name}=..., or a line in .env that your shell reads) or take it out.",
            )
        if not password:
            raise ConfigError(
                f"entry {place} is not the name of an environment variable that is set (capitals, digits and _).",
                where=where,
                hint="Passwords never stand in a configuration: set a variable to it and write the variable's name.",
            )
        found.append(password)
    return tuple(found)


def password_mark(password: str) -> str:
    """16 bits of a digest: enough to notice that a password changed, too few to find it by guessing."""
    return hashlib.blake2b(password.encode(), digest_size=2).hexdigest()
