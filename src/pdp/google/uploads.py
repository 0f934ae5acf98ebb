"""A large file, piece by piece, resumed after faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from googleapiclient.errors import HttpError

from pdp.google.patience import patiently
from pdp.google.services import CALL_TIMEOUT_S, Lines

_GONE = frozenset({404, 410})  # the session is over: Google keeps one for a week, a stand-in perhaps for less
_MOST_SESSIONS = 5


def resumed(request: Callable[[], Any], lines: Lines) -> dict[str, Any]:
    """Send a resumable upload to its end.

    The library's own retries (num_retries > 0) send a consumed stream again and hang. With none it remembers that it
    failed, and its next step asks the server how far it came (PUT bytes */N, 308): so each step may be repeated.

    Args:
        request: Makes the request anew, under the same id.
        lines: The thread's connections.

    Returns:
        The file's fields.

    Raises:
        HttpError: The last fault; 409 when the file was there already.
    """
    for session in range(1, _MOST_SESSIONS + 1):
        asked = request()
        try:
            while True:
                _, stored = patiently(lambda asked=asked: _step(asked, lines))  # type: ignore[misc]
                if stored is not None:
                    return dict(stored)
        except HttpError as error:
            is_lost = asked.resumable_uri is not None and error.resp.status in _GONE
            if not is_lost or session == _MOST_SESSIONS:
                raise
    raise AssertionError("the last session returns or raises")


def _step(asked: Any, lines: Lines) -> tuple[Any, Any]:
    def step(line: Any) -> tuple[Any, Any]:
        progress, stored = asked.next_chunk(http=line, num_retries=0)
        return progress, stored

    return lines.use(step, CALL_TIMEOUT_S)
