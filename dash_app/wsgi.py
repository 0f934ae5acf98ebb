"""For gunicorn: `gunicorn --workers 1 --threads 8 dash_app.wsgi:app`."""

from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway

app = create_app(DemoGateway()).server
