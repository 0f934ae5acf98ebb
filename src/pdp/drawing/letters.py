"""How wide a line of text is, and what of it fits. No font is at hand on the server, so widths are those of a wide one.

Measured for DejaVu Sans, which Linux falls back to and which is wider than Inter, Arial, Helvetica and Segoe UI: what
fits here fits in any of them.
"""

from __future__ import annotations

_EM = {
    **dict.fromkeys("ijl|'.,:;!", 0.36),
    **dict.fromkeys('fIrt()[]/\\- "', 0.45),
    **dict.fromkeys("mMwW%@—…", 1.01),
    **dict.fromkeys("+<>=~^≥≤×→", 0.84),
}
_LOWER, _UPPER, _OTHER = 0.64, 0.78, 1.05
_BOLD = 1.13


def width(text: str, size: float, *, is_bold: bool = False) -> float:
    """At most so wide, px."""
    ems = sum(_EM.get(letter) or _of(letter) for letter in text)
    return ems * size * (_BOLD if is_bold else 1)


def _of(letter: str) -> float:
    if letter.islower() or letter.isdigit():
        return _LOWER if ord(letter) < 0x2000 else _OTHER
    return _UPPER if ord(letter) < 0x2000 else _OTHER


def fit(text: str, room: float, size: float, *, is_bold: bool = False) -> str:
    """The text on one line, cut with a sign where there is too much of it."""
    plain = clean(" ".join(text.split()))
    if width(plain, size, is_bold=is_bold) <= room:
        return plain
    while plain and width(f"{plain}…", size, is_bold=is_bold) > room:
        plain = plain[:-1].rstrip()
    return f"{plain}…"


def clean(text: str) -> str:
    """Without what no XML may hold: control characters and halves of pairs."""
    return "".join(letter if _is_allowed(ord(letter)) else "\ufffd" for letter in text)


def _is_allowed(point: int) -> bool:
    if point < 0x20:
        return point in (0x9, 0xA, 0xD)
    return not 0xD800 <= point <= 0xDFFF and point not in (0xFFFE, 0xFFFF)
