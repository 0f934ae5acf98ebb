"""`python -m dash_app`: the dashboard for this machine alone, on http://127.0.0.1:8050 (PORT)."""

import os

from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway


def main() -> None:
    """Serve until interrupted."""
    create_app(DemoGateway()).run(host="127.0.0.1", port=int(os.environ.get("PORT", "8050")), debug=False)


if __name__ == "__main__":
    main()
