"""Trying again what may be tried again: with jitter, in bounds, as long as Google asks for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_random_exponential

from pdp.errors import ConfigError
from pdp.google.answers import answer, is_transient

T = TypeVar("T")

VARIABLE = "PDP_GOOGLE_PATIENCE_S"
PATIENCE_S = 120.0
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 30.0
MOST_TRIES = 7

# Full jitter (any time up to the bound), so that machines that failed together do not come back together.
_jitter = wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S)


def patiently(call: Callable[[], T]) -> T:
    """Do a call, again and again while its fault is one that passes.

    Only for calls that may be done twice: reading, or writing under an id that was given beforehand.

    Raises:
        ConfigError: PDP_GOOGLE_PATIENCE_S is no number of seconds.
        Exception: The call's last one, of whatever library.
    """
    return Retrying(
        stop=stop_after_attempt(MOST_TRIES) | stop_before_delay(patience_s()),
        wait=_wait,
        retry=retry_if_exception(is_transient),
        reraise=True,
    )(call)


def patience_s() -> float:
    """The longest time that the tries of one call may take, in seconds.

    Raises:
        ConfigError: The variable is no number of seconds.
    """
    value = os.environ.get(VARIABLE, "").strip()
    try:
        seconds = float(value) if value else PATIENCE_S
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ConfigError("is no number of seconds.", where=VARIABLE, hint=f"Write one such as {PATIENCE_S:g}.")
    return seconds


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    said = answer(error) if error else None
    if said is not None and said.retry_after_s is not None:
        return min(said.retry_after_s, LONGEST_WAIT_S)
    return float(_jitter(state))
