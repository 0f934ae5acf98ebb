"""What the environment says to the dashboard. `docs/own-data.md` tells people; this table is what the code reads.

    PDP_STATE                where the owner's state is; unset: the demo alone, nobody can sign in
    PDP_STATE_CACHE          folder for its ciphertext; PDP_STATE_LEAST_SEQ, PDP_STATE_GOOGLE_CREDENTIALS: as for pdp
    PDP_DASHBOARD_SUBJECT    whose data sign-in shows, where the state holds several people
    PDP_DASHBOARD_HOST       the host name people use, such as pdp.example.org; others are refused. Unset: any
    PDP_DASHBOARD_PROXY      who stands in front and tells visitors' addresses: "fly", or "1" for exactly one proxy that
                             appends to X-Forwarded-For. Unset: nobody, and what such headers say is not believed

The owner's password and the machine's key (PDP_STATE_PASSWORD, PDP_STATE_KEY) have no business on a server that others
can reach: with them, whoever reads its environment reads the data. It warns when they are there, and uses neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pdp.errors import ConfigError, nearest

Proxy = Literal["", "1", "fly"]
PROXIES: tuple[Proxy, ...] = ("", "1", "fly")
COOKIE = "__Host-pdp"  # browsers take it over https only, for this host only, for all paths only
LOOPBACK_COOKIE = "pdp"  # on http://127.0.0.1, where a cookie can't be Secure everywhere
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Settings:
    """How the dashboard is served.

    Args:
        state: Address of the state, "" for none.
        subject: Whose data sign-in shows; "" for the only person there is.
        hosts: Host names that requests may name; empty for any.
        proxy: Who stands in front.
        is_loopback: Served to this machine alone, over plain http.
    """

    state: str = ""
    subject: str = ""
    hosts: tuple[str, ...] = ()
    proxy: Proxy = ""
    is_loopback: bool = False

    @property
    def cookie(self) -> str:
        """Name of the session's cookie."""
        return LOOPBACK_COOKIE if self.is_loopback else COOKIE


def from_environment(environment: Mapping[str, str]) -> Settings:
    """For a server that others can reach.

    Raises:
        ConfigError: A variable has a value that means nothing.
    """
    proxy = environment.get("PDP_DASHBOARD_PROXY", "").strip()
    known = next((each for each in PROXIES if each == proxy), None)
    if known is None:
        raise ConfigError(f'"{proxy}" is no proxy.', where="PDP_DASHBOARD_PROXY", hint=nearest(proxy, PROXIES[1:]))
    host = environment.get("PDP_DASHBOARD_HOST", "").strip().lower()
    if host and not _is_host(host):
        raise ConfigError(
            "is no host name.", where="PDP_DASHBOARD_HOST", hint="Write it without https:// and path: pdp.example.org"
        )
    return Settings(
        state=environment.get("PDP_STATE", "").strip(),
        subject=environment.get("PDP_DASHBOARD_SUBJECT", "").strip(),
        hosts=(host,) if host else (),
        proxy=known,
    )


def _is_host(text: str) -> bool:
    return all(part and part.replace("-", "").isalnum() for part in text.split("."))
