"""For gunicorn: `gunicorn --workers 1 --threads 8 dash_app.wsgi:app`. A second worker is refused."""

import logging
import os
from pathlib import Path

from dash_app import gateway_process, serving, settings

logging.basicConfig(format="%(name)s: %(message)s")
gateway_process.claim()
gateway_process.claim_in_forks()
serving.prepare()
_given = settings.from_environment(os.environ)
app = serving.serve_with_sign_in(_given, Path(), serving.door_of(_given))
