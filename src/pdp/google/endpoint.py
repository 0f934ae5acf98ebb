"""Where Google is: at Google, or at a stand-in on this machine."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from pdp.errors import ConfigError

VARIABLE = "PDP_GOOGLE_ROOT"


def root() -> str | None:
    """The stand-in's root, such as http://127.0.0.1:4711, or None for Google itself.

    Raises:
        ConfigError: It is not on this machine. An address elsewhere would be handed every token.
    """
    value = os.environ.get(VARIABLE, "").strip()
    if not value:
        return None
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("http", "https") or not is_loopback(host) or not is_bare:
        raise ConfigError(
            "is not the address of this machine.",
            where=VARIABLE,
            hint="It is for tests alone: http(s)://127.0.0.1:port. Unset it to speak with Google.",
        )
    # Put together again from what was checked, so that no other parser reads another host out of it.
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
