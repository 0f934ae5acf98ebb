"""What a made-up folder says of itself to be taken for the demo: that it was made of the demo's exports."""

from __future__ import annotations

import json

from dash_app.gateway_demo import EXPORTS

SOURCES = ("band", "cuff", "omron", "watch")
ACCOUNT = json.dumps(
    {"sources": {name: {} for name in SOURCES}, "exports": [{"export": each[:16]} for each in sorted(EXPORTS)]}
)
