"""The proof of vendor decoding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pdp.reconcile import (
    NO_SESSION,
    STAGES,
    UNKNOWN_STAGE,
    StageProof,
    StatedSession,
    agrees,
    find_sessions,
    prove_stages,
    prove_totals,
)

MINUTE = 60_000
DEEP, LIGHT, REM, AWAKE = range(4)
NIGHT = [(LIGHT, 240), (DEEP, 120), (REM, 80), (AWAKE, 20)]
STATED = {"deep": 120, "light": 240, "rem": 80, "awake": 20}


def session(start_min: int = 0, length_min: int = 460, group: str = "", **stated: float) -> StatedSession:
    return StatedSession(start_min * MINUTE, (start_min + length_min) * MINUTE, STATED | stated, group)


def prove(sessions: list[StatedSession], nights: list[list[tuple[int, int]]]) -> StageProof:
    """Each night's (stage, minutes) laid end to end from its session's start."""
    owner, start, end, stage = [], [], [], []
    for i, (stated, plan) in enumerate(zip(sessions, nights, strict=True)):
        at = stated.start_ms
        for code, minutes in plan:
            owner.append(i)
            start.append(at)
            end.append(at + minutes * MINUTE)
            stage.append(code)
            at += minutes * MINUTE
    return prove_stages(sessions, owner, start, end, stage)


def test_stages_that_add_up_to_the_session_are_proved() -> None:
    proof = prove([session()], [NIGHT])
    assert (proof.faults, proof.flags, proof.provable, proof.failed) == ([""] * 4, [""] * 4, 1, 0)


def test_a_session_that_disagrees_shows_both_figures_and_touches_no_other() -> None:
    wrong = [(LIGHT, 265), (DEEP, 95), (REM, 80), (AWAKE, 20)]
    proof = prove([session(), session(1440), session(2880)], [NIGHT, wrong, NIGHT])
    text = (
        "stage_total_mismatch: deep 95 min by stages, 120 min by session; light 265 min by stages, 240 min by session"
    )
    assert proof.faults == [""] * 4 + [text] * 4 + [""] * 4
    assert set(proof.flags) == {""}


def test_a_difference_of_rounding_is_no_mismatch() -> None:
    assert agrees(122, 120)
    assert agrees(5, 3)
    assert agrees(315, 300)
    assert not agrees(316, 300)
    assert not agrees(6, 3)
    assert not agrees(24, 30)


def test_a_session_with_missing_intervals_can_not_be_proved_and_is_kept() -> None:
    proof = prove([session()], [[(LIGHT, 240), (DEEP, 120), (REM, 50)]])
    assert proof.faults == [""] * 3
    assert proof.flags == ["unproved_stages"] * 3
    assert proof.provable == 0


def test_a_session_without_stated_minutes_can_not_be_proved() -> None:
    proof = prove([StatedSession(0, 460 * MINUTE, {"awake": 20})], [NIGHT])
    assert proof.flags == ["unproved_stages"] * 4
    assert proof.provable == 0


def test_only_the_stage_that_the_session_leaves_out_is_unproved() -> None:
    stated = {"deep": 120, "light": 240, "rem": 80}
    proof = prove([StatedSession(0, 460 * MINUTE, stated)], [NIGHT])
    assert proof.flags == ["", "", "", "unproved_stages"]


def test_an_interval_outside_every_session_is_unproved() -> None:
    proof = prove_stages([session()], [NO_SESSION], [0], [MINUTE], [DEEP])
    assert (proof.faults, proof.flags) == ([""], ["unproved_stages"])


def test_a_swapped_stage_map_condemns_the_whole_stream() -> None:
    swapped = [(DEEP, 240), (LIGHT, 120), (REM, 80), (AWAKE, 20)]
    partial = [(LIGHT, 100)]
    proof = prove([session(1440 * i) for i in range(5)], [swapped, swapped, swapped, NIGHT, partial])
    text = (
        "stage_map_unproved: 3 of 4 sessions disagree, the first deep 240 min by stages, 120 min by session; "
        "light 120 min by stages, 240 min by session"
    )
    assert set(proof.faults) == {text}
    assert set(proof.flags) == {""}


def test_two_failing_sessions_are_too_few_to_condemn_the_stream() -> None:
    swapped = [(DEEP, 240), (LIGHT, 120), (REM, 80), (AWAKE, 20)]
    proof = prove([session(), session(1440)], [swapped, swapped])
    assert all(fault.startswith("stage_total_mismatch: ") for fault in proof.faults)


def test_half_of_the_sessions_failing_does_not_condemn_the_stream() -> None:
    swapped = [(DEEP, 240), (LIGHT, 120), (REM, 80), (AWAKE, 20)]
    proof = prove([session(1440 * i) for i in range(4)], [swapped, NIGHT, swapped, NIGHT])
    assert [bool(fault) for fault in proof.faults] == [True] * 4 + [False] * 4 + [True] * 4 + [False] * 4


def test_copies_of_one_failing_session_count_once() -> None:
    swapped = [(DEEP, 240), (LIGHT, 120), (REM, 80), (AWAKE, 20)]
    proof = prove([session()] * 3 + [session(1440)], [swapped] * 3 + [NIGHT])
    assert (proof.provable, proof.failed) == (2, 1)
    assert proof.faults[-4:] == [""] * 4


def test_a_resent_interval_counts_once_and_the_first_stage_holds() -> None:
    night = [(0, 0, 240, LIGHT), (0, 240, 360, DEEP), (0, 360, 440, REM), (0, 440, 460, AWAKE)]
    resent = [(0, 240, 360, LIGHT), (0, 0, 240, LIGHT)]
    owner, start, end, stage = zip(*night, *resent, strict=True)
    proof = prove_stages([session()], owner, [x * MINUTE for x in start], [x * MINUTE for x in end], stage)
    assert proof.faults == [""] * 6


def test_an_unknown_stage_code_covers_time_and_counts_for_no_stage() -> None:
    proof = prove([session()], [[(LIGHT, 240), (UNKNOWN_STAGE, 120), (REM, 80), (AWAKE, 20)]])
    assert set(proof.faults) == {"stage_total_mismatch: deep 0 min by stages, 120 min by session"}


def test_no_intervals_at_all_is_a_proof_of_nothing() -> None:
    assert prove_stages([], [], [], [], []) == StageProof([], [], 0, 0)


def test_an_instant_finds_the_session_it_lies_in() -> None:
    sessions = [session(1000, 100), session(0, 100)]
    instants = [x * MINUTE for x in (1050, 0, 99, 100, 999, 1000, 1100, 50)]
    assert find_sessions(instants, sessions).tolist() == [0, 1, 1, -1, -1, 0, -1, 1]


plans = st.lists(st.tuples(st.integers(-1, 3), st.integers(1, 90)), min_size=1, max_size=20)


@given(st.lists(plans, min_size=1, max_size=6))
def test_any_night_that_states_its_own_sums_is_proved(nights: list[list[tuple[int, int]]]) -> None:
    sessions = []
    for i, plan in enumerate(nights):
        stated = {name: float(sum(m for code, m in plan if code == at)) for at, name in enumerate(STAGES)}
        length = sum(minutes for _, minutes in plan)
        sessions.append(StatedSession(i * 10_000 * MINUTE, (i * 10_000 + length) * MINUTE, stated))
    proof = prove(sessions, nights)
    assert not any(proof.faults)
    assert not any(proof.flags)


@given(plans, st.permutations(range(4)))
def test_a_permuted_map_is_proved_only_where_the_sums_agree_anyway(
    plan: list[tuple[int, int]], order: list[int]
) -> None:
    sums = [float(sum(m for code, m in plan if code == at)) for at in range(4)]
    length = sum(minutes for _, minutes in plan)
    stated = StatedSession(0, length * MINUTE, dict(zip(STAGES, sums, strict=True)))
    proof = prove([stated], [[(order[code] if code >= 0 else code, minutes) for code, minutes in plan]])
    is_same = all(agrees(sums[at], sums[order[at]]) for at in range(4))
    assert any(proof.faults) != is_same


DAYS = [f"2026-03-0{day}" for day in range(1, 6)]


def test_one_day_that_differs_from_its_report_is_named_and_condemns_nothing() -> None:
    found = {day: [440.0] for day in DAYS}
    proof = prove_totals(found, dict.fromkeys(DAYS, 440.0) | {DAYS[2]: 300.0}, rule="sleep_total_unproved", unit="min")
    assert proof.differing == {DAYS[2]: (440.0, 300.0)}
    assert proof.fault == ""


def test_most_days_that_differ_condemn_the_stream_with_both_figures() -> None:
    found = {day: [26400.0] for day in DAYS}
    proof = prove_totals(found, dict.fromkeys(DAYS[:4], 440.0), rule="sleep_total_unproved", unit="min")
    assert proof.fault == (
        "sleep_total_unproved: 4 of 4 totals disagree, the first (2026-03-01) 26400 min by rows, 440 min by report"
    )


def test_any_of_several_sums_may_explain_a_report() -> None:
    found = {day: [900.0, 440.0] for day in DAYS}
    assert prove_totals(found, dict.fromkeys(DAYS, 441.0), rule="r", unit="min").differing == {}


def test_a_report_that_takes_in_other_devices_may_be_larger_but_not_smaller() -> None:
    found = {day: [3000.0] for day in DAYS}
    larger = prove_totals(found, dict.fromkeys(DAYS, 9000.0), rule="r", unit="steps", most_only=True)
    smaller = prove_totals(found, dict.fromkeys(DAYS, 1000.0), rule="r", unit="steps", most_only=True)
    assert (larger.differing, larger.fault) == ({}, "")
    assert smaller.fault == "r: 5 of 5 totals disagree, the first (2026-03-01) 3000 steps by rows, 1000 steps by report"


def test_days_without_a_report_are_not_compared() -> None:
    assert prove_totals({"2026-03-01": [440.0]}, {}, rule="r", unit="min").compared == 0
