"""`python -m dash_app`: the dashboard for this machine alone, on http://127.0.0.1:8050 (PORT).

Without options it shows the demo. `--private` shows your own results in this folder, in the clear as they lie there.
"""

import argparse
import ipaddress
import os
import sys
from pathlib import Path

from flask import Flask

from dash_app import gateway_local, serving, settings
from dash_app.gateway_folder import DemoGateway
from pdp.errors import ConfigError, PdpError


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m dash_app", description=__doc__)
    parser.add_argument("--private", action="store_true", help="your own results of this folder, not the demo")
    parser.add_argument("--subject", help="whose, if there are several people's")
    parser.add_argument("--host", default="127.0.0.1", help="address of this machine to itself (default: %(default)s)")
    given = parser.parse_args(arguments)
    try:
        host = loopback(given.host)
        port = port_of(os.environ.get("PORT", "8050"))
        server = _server(given.private or given.subject is not None, given.subject)
    except PdpError as error:
        sys.exit(str(error))
    server.run(host=host, port=port, threaded=True)


def loopback(host: str) -> str:
    """The address, if only this machine can reach it.

    Raises:
        ConfigError: Others could.
    """
    try:
        is_own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = False
    if not is_own:
        raise ConfigError(
            f"{host} can be reached by other machines, and this server has no encryption.",
            where="--host",
            hint="Use 127.0.0.1; for others there is docs/own-data.md, the dashboard on Fly.",
        )
    return host


def port_of(text: str) -> int:
    """A port's number.

    Raises:
        ConfigError: It is none.
    """
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65_536:
        raise ConfigError("is no port.", where="PORT", hint="Write a number such as 8050.")
    return int(text)


def _server(is_private: bool, subject: str | None) -> Flask:
    local = settings.Settings(hosts=settings.LOOPBACK, is_loopback=True)
    if not is_private:
        return serving.serve_openly(local, DemoGateway())
    serving.prepare()
    root = Path()
    whose = gateway_local.subject_of(root, subject)
    door = gateway_local.door(root, whose)
    if door is None:
        print(
            f"Results of {whose}, without a password: whoever uses this machine can open them while this runs. "
            "With a state (pdp state init), or PDP_STATE_PASSWORD set, its password is asked for."
        )
        return serving.serve_openly(local, gateway_local.FolderGateway(root, whose))
    print(f"Results of {whose}, after signing in; until then the demo is shown.")
    return serving.serve_with_sign_in(local, root, door)


if __name__ == "__main__":
    main()
