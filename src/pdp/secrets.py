"""Passwords of encrypted exports: in the environment, never in a configuration, a key, a receipt or a log."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from pdp.errors import ConfigError


def passwords(names: Iterable[str], where: str = "passwords_from") -> tuple[str, ...]:
    """The passwords that environment variables hold.

    Raises:
        ConfigError: A variable is not set.
    """
    for name in names:
        if not os.environ.get(name):
            raise ConfigError(
                f"the environment variable {name} is not set.",
                where=where,
                hint=f"Set it (export {name}=..., or a line in .env that your shell reads) or take it out.",
            )
    return tuple(os.environ[name] for name in names)


def password_mark(password: str) -> str:
    """16 bits of a digest: enough to notice that a password changed, too few to find it by guessing."""
    return hashlib.blake2b(password.encode(), digest_size=2).hexdigest()
