"""The root of a stand-in: this machine, or refused."""

from __future__ import annotations

import pytest

from pdp.errors import ConfigError
from pdp.google import endpoint


def test_without_the_variable_google_itself_is_spoken_with(monkeypatch):
    monkeypatch.delenv("PDP_GOOGLE_ROOT", raising=False)
    assert endpoint.root() is None
    monkeypatch.setenv("PDP_GOOGLE_ROOT", "  ")
    assert endpoint.root() is None


@pytest.mark.parametrize(
    ("value", "root"),
    [
        ("http://127.0.0.1:4711", "http://127.0.0.1:4711"),
        ("https://127.0.0.1:4711/", "https://127.0.0.1:4711"),
        ("http://127.255.0.3:80", "http://127.255.0.3:80"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://LOCALHOST", "http://localhost"),
        ("https://[::1]:4711", "https://[::1]:4711"),
    ],
)
def test_a_stand_in_on_this_machine_is_taken(monkeypatch, value, root):
    monkeypatch.setenv("PDP_GOOGLE_ROOT", value)
    assert endpoint.root() == root


@pytest.mark.parametrize(
    "value",
    [
        "https://example.com",
        "http://10.0.0.1:4711",
        "http://0.0.0.0:4711",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1:80@example.com",
        "http://127.0.0.1@example.com",
        "http://example.com@127.0.0.1",
        "http://127.0.0.1\\@example.com",
        "http://example.com\\@127.0.0.1",
        "http://example.com#@127.0.0.1",
        "http://127.0.0.1/elsewhere",
        "http://127.0.0.1?x=1",
        "ftp://127.0.0.1",
        "127.0.0.1:4711",
        "http://[::1",
        "http://127.0.0.1:port",
        "http://2130706433",
    ],
)
def test_a_root_elsewhere_would_be_handed_every_token_and_is_refused(monkeypatch, value):
    monkeypatch.setenv("PDP_GOOGLE_ROOT", value)
    with pytest.raises(ConfigError) as caught:
        endpoint.root()
    assert str(caught.value) == (
        "PDP_GOOGLE_ROOT: is not the address of this machine. It is for tests alone: http(s)://127.0.0.1:port. "
        "Unset it to speak with Google."
    )
