"""The dashboard: reads results/summary through one gateway, computes nothing a rule could.

`python -m dash_app` on a laptop, `dash_app.wsgi:app` under gunicorn.
"""
