"""Google's own client for Drive, pointed at Google or at a stand-in, with a time limit on every call."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import google_auth_httplib2
import httplib2
from googleapiclient import discovery, discovery_cache
from httplib2 import certs

from pdp.errors import ConfigError
from pdp.google.answers import OddAnswerError
from pdp.google.credentials import Identity
from pdp.google.endpoint import root

T = TypeVar("T")

CALL_TIMEOUT_S = 60.0
LIST_TIMEOUT_S = 30.0

_RESUME_INCOMPLETE = 308  # in resumable uploads "go on", elsewhere a redirect
_TRUST = ("HTTPLIB2_CA_CERTS", "REQUESTS_CA_BUNDLE")
_CHATTY = ("googleapiclient", "google_auth_httplib2", "google.auth", "google_auth_oauthlib", "urllib3", "gspread")


def prepare() -> None:
    """What comes before any call: no log lines of the libraries, and files of certificates that are there.

    The lines hold addresses with ids, and whole answers. What the libraries have to say comes as an exception, which
    `told` puts into words.

    Raises:
        ConfigError: A variable names no file of certificates.
    """
    for variable in _TRUST:
        if variable in os.environ and not Path(os.environ[variable]).exists():
            raise ConfigError(
                "names no file.", where=variable, hint="Set it to a file of certificates in PEM form, or unset it."
            )
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def drive(version: str) -> Any:
    """The client for a version of the Drive API ("v3", "v2"), from the document that comes with the library.

    No network is asked for it. The root is replaced in the document, because the library's own option for that
    (api_endpoint) leaves uploads at Google's.
    """
    text = discovery_cache.get_static_doc("drive", version)
    if text is None:
        raise RuntimeError(f"google-api-python-client came without its description of Drive {version}")
    document = json.loads(text)
    at = root()
    if at is not None:
        document["rootUrl"] = f"{at}/"
        document.pop("mtlsRootUrl", None)
    # Calls are given their http one by one; this one is never used.
    return discovery.build_from_document(document, http=httplib2.Http(timeout=CALL_TIMEOUT_S))


class Lines(threading.local):
    """Each thread's own connections: httplib2 is not thread-safe."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._open: dict[float, Any] = {}

    def use(self, call: Callable[[Any], T], timeout_s: float) -> T:
        """Do a call by this thread's authorized http object with that time limit.

        After a fault the thread's connections are closed: one may still hold the rest of an old answer.

        Raises:
            OddAnswerError: The answer was cut (the library hands out its text as if that were one), or is no object.
        """
        if timeout_s not in self._open:
            # The certificates are looked up here: the library's default is what the variable was at its import.
            http = httplib2.Http(timeout=timeout_s, ca_certs=certs.where())
            http.redirect_codes = http.redirect_codes - {_RESUME_INCOMPLETE}
            self._open[timeout_s] = google_auth_httplib2.AuthorizedHttp(self._identity.credentials, http=http)
        try:
            answer = call(self._open[timeout_s])
            body = answer[-1] if isinstance(answer, tuple) else answer
            is_under_way = isinstance(answer, tuple) and body is None  # a piece of an upload that has more to come
            if not isinstance(body, dict | bytes) and not is_under_way:
                raise OddAnswerError
        except Exception:
            for http in self._open.values():
                http.close()
            raise
        return answer
