"""What the last digits of readings tell: rounding, and values told as just below a threshold.

References: people who type their readings prefer the digit 0 (odds ratio 2.1) and values just below
the alert, 134 and 84 (1.5): BMJ Open 2018;8:e019431. A device has no such preference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from pdp.home_bp.finding import RARE, Finding, Verdict, percent, probability
from pdp.home_bp.guidelines import guidelines
from pdp.home_bp.readings import Floats, Readings

MODALITIES = {"self_reported": "typed", "sensed": "stored"}
PRESSURES = ("systolic", "diastolic")
_BIN = 2  # mmHg: one even and one odd value, so that a liking for even numbers does not count


def findings(readings: Readings, least_n: int) -> Iterator[Finding]:
    """Both checks, systolic and diastolic, typed and stored readings apart where there are any."""
    for modality in MODALITIES:
        of_kind = readings.take(readings.is_typed == (modality == "self_reported"))
        for pressure in PRESSURES if len(of_kind) else ():
            values: Floats = getattr(of_kind, pressure)
            whole = values[values == np.floor(values)].astype(np.int64).tolist()
            yield from _digits(modality, pressure, whole, least_n)
            for threshold in _thresholds(pressure):
                yield _below(modality, pressure, threshold, whole, least_n)


def _digits(modality: str, pressure: str, values: list[int], least_n: int) -> Iterator[Finding]:
    """Each of ten digits is expected alike; chi-square with 9 degrees of freedom."""
    n, check, what = len(values), f"last_digit_{pressure}", f"{MODALITIES[modality]} {pressure} values"
    if n < least_n:
        sentence = f"{n} {what}: too few to look at their last digits, which takes {least_n}."
        yield Finding(check, n, "too_few", sentence, modality=modality, expected=0.1)
        return
    from scipy.special import chdtrc  # a quarter of a second, which a job with too few readings need not spend

    verdict: Verdict = "as_expected"
    counts = np.bincount([value % 10 for value in values], minlength=10)
    p = float(chdtrc(9, float(np.sum((counts - n / 10) ** 2) / (n / 10))))
    often = int(np.argmax(counts))
    if not counts[1::2].any():
        verdict = "even_only"
        sentence = f"All of {n:,} {what} end in an even digit: the device may show only every second value."
    elif p < RARE:
        verdict = "seen"
        sentence = (
            f"Of {n:,} {what} {percent(counts[often] / n)} end in {often}, where 10 % are expected "
            f"({probability(p)}): some may have been rounded."
        )
    else:
        sentence = f"The last digits of {n:,} {what} show no preference beyond chance ({probability(p)})."
    whole = Finding(
        check,
        n,
        verdict,
        sentence,
        modality=modality,
        count=int(counts[0]),
        value=int(counts[0]) / n,
        expected=0.1,
        p_value=p,
    )
    yield whole
    for digit, count in enumerate(counts.tolist()):
        yield replace(whole, item=str(digit), count=count, value=count / n, p_value=None, sentence="")


def _below(modality: str, pressure: str, threshold: int, values: list[int], least_n: int) -> Finding:
    """The two values just below a threshold hold a third of the six around them, where frequencies run straight.

    133, 134 beside 131, 132 and 135, 136. A liking for round numbers makes the upper neighbours larger
    (they hold the threshold itself), never the middle.
    """
    low = threshold - 2 * _BIN
    around = [value for value in values if low <= value < low + 3 * _BIN]
    inside = sum(1 for value in around if threshold - _BIN <= value < threshold)
    n, what = len(around), f"{MODALITIES[modality]} {pressure} values from {low} to {low + 3 * _BIN - 1}"
    told = f"{inside} of {n:,} {what} are {threshold - 2} or {threshold - 1}, just below {threshold}"
    found = Finding(
        f"below_threshold_{pressure}",
        n,
        "too_few",
        f"{n} {what}: too few to see whether values just below {threshold} are more frequent, which takes {least_n}.",
        modality=modality,
        item=str(threshold),
        expected=1 / 3,
    )
    if n < least_n:
        return found
    from scipy.special import bdtrc

    p = float(bdtrc(inside - 1, n, 1 / 3)) if inside else 1.0
    sentence = f"{told}: no more than expected ({probability(p)})."
    if p < RARE:
        sentence = f"{told}, where a third is expected ({probability(p)}): some may have been told lower than shown."
    return replace(
        found,
        verdict="seen" if p < RARE else "as_expected",
        sentence=sentence,
        count=inside,
        value=inside / n,
        p_value=p,
    )


def _thresholds(pressure: str) -> Iterable[int]:
    return sorted({int(getattr(each.threshold, f"{pressure}_mmhg")) for each in guidelines().values()})
