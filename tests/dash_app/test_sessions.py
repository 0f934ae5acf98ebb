"""Sessions: who is signed in, and when that ends."""

from __future__ import annotations

import time

import pytest

from dash_app.sessions import ABSOLUTE_S, IDLE_S, MOST, Sessions, clock_s
from tests.dash_app.owner import Clock, Held


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions[Held]:
    return Sessions(clock)


def test_an_id_has_256_bits_and_is_never_the_same(sessions: Sessions[Held]) -> None:
    ids = {sessions.begin(Held()) for _ in range(200)}
    assert len(ids) == 200
    assert {len(id) for id in ids} == {43}


def test_the_table_of_sessions_holds_no_id(sessions: Sessions[Held]) -> None:
    id = sessions.begin(Held())
    assert id.encode() not in b"".join(sessions._sessions)
    assert id not in repr(sessions)


@pytest.mark.parametrize("forged", [None, "", "x", "A" * 43, "A" * 10_000, "\udc80" * 43])
def test_an_id_that_was_never_given_is_nobody(sessions: Sessions[Held], forged: str | None) -> None:
    sessions.begin(Held())
    assert sessions.find(forged) is None


def test_fifteen_minutes_without_use_end_a_session_and_use_prolongs_it(sessions: Sessions[Held], clock: Clock) -> None:
    held = Held()
    id = sessions.begin(held)
    for _ in range(3):
        clock.now += IDLE_S - 1
        assert sessions.find(id) is held
    clock.now += IDLE_S
    assert sessions.find(id) is None
    assert held.closed.is_set()


def test_eight_hours_end_a_session_however_much_it_is_used(sessions: Sessions[Held], clock: Clock) -> None:
    held = Held()
    id = sessions.begin(held)
    for _ in range(ABSOLUTE_S // 600 - 1):
        clock.now += 600
        assert sessions.find(id) is held
    clock.now += 600
    assert sessions.find(id) is None
    assert held.closed.is_set()


def test_an_ended_session_is_dropped_at_once_and_only_it(sessions: Sessions[Held]) -> None:
    mine, other = Held(), Held()
    id, other_id = sessions.begin(mine), sessions.begin(other)
    sessions.end(id)
    assert mine.closed.is_set()
    assert sessions.find(id) is None
    assert sessions.find(other_id) is other
    sessions.end(id)
    sessions.end("nobody")


def test_a_fifth_session_ends_the_one_that_was_used_longest_ago(sessions: Sessions[Held], clock: Clock) -> None:
    held = [Held() for _ in range(MOST)]
    ids = []
    for each in held:
        clock.now += 1
        ids.append(sessions.begin(each))
    clock.now += 1
    sessions.find(ids[0])
    clock.now += 1
    sessions.begin(Held())
    assert [each.closed.is_set() for each in held] == [False, True, False, False]


def test_data_goes_although_no_request_comes() -> None:
    held = Held()
    sessions: Sessions[Held] = Sessions(idle_s=0.05)
    sessions.begin(held)
    sessions.watch()
    assert held.closed.wait(10)


def test_a_session_begun_while_the_watch_pauses_is_dropped_when_it_is_due() -> None:
    held = Held()
    sessions: Sessions[Held] = Sessions(idle_s=0.2)
    sessions.watch()
    sessions.begin(held)
    assert held.closed.wait(10)


def test_the_end_of_the_process_drops_all(sessions: Sessions[Held]) -> None:
    held = [Held(), Held()]
    for each in held:
        sessions.begin(each)
    sessions.end_all()
    assert all(each.closed.is_set() for each in held)
    assert len(sessions) == 0


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no such clock")
def test_time_in_which_the_machine_sleeps_counts() -> None:
    assert abs(clock_s() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1
