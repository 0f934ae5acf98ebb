"""Pages as a client without scripts gets them: the document, its links, and what stands in it."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient

FIRST_PAINT = re.compile(r'<div id="first-paint">(.*?)</div>\s*<div id="react-entry-point">', re.S)


def first_paint(client: FlaskClient, path: str) -> str:
    """The page's own HTML, without its twin in JSON."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    found = FIRST_PAINT.search(answer.get_data(as_text=True))
    assert found is not None, path
    return found[1]


def links(html: str) -> list[str]:
    """Every address that the page leads to."""
    return [unescape(href) for href in re.findall(r'href="([^"]+)"', html)]


def text(html: str) -> str:
    """What a person reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
