"""The secret comes from where it should, reads the same on every system, and shows itself nowhere."""

import copy
import logging
import pickle
import traceback
import unicodedata
from pathlib import Path

import pytest

from pdp.errors import StateError
from pdp.state import keyring
from pdp.state.secret import MachineKey, Password, RecoveryKey, from_environment, new_machine_identity, recipient_of

MACHINE, RECIPIENT = new_machine_identity()


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PDP_STATE_KEY", raising=False)
    monkeypatch.delenv("PDP_STATE_PASSWORD", raising=False)


def test_without_a_variable_or_a_person_both_variables_are_named() -> None:
    with pytest.raises(StateError) as caught:
        from_environment(None)
    assert str(caught.value) == (
        "nothing here opens the state. Set PDP_STATE_PASSWORD to the owner's password, or PDP_STATE_KEY to this "
        "machine's age identity or its file's path."
    )


def test_a_person_is_asked_only_where_no_variable_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = from_environment(lambda: "typed by a person")
    assert isinstance(asked, Password)
    assert asked.encoded() == b"typed by a person"
    monkeypatch.setenv("PDP_STATE_PASSWORD", "from the environment")
    found = from_environment(lambda: pytest.fail("asked"))
    assert isinstance(found, Password)
    assert found.encoded() == b"from the environment"


def test_a_machines_key_comes_before_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_STATE_PASSWORD", "from the environment")
    monkeypatch.setenv("PDP_STATE_KEY", MACHINE)
    found = from_environment()
    assert isinstance(found, MachineKey)
    assert found.identity() == MACHINE


def test_an_empty_variable_is_as_if_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a workflow passes for a secret that its repository does not have.
    monkeypatch.setenv("PDP_STATE_KEY", "")
    monkeypatch.setenv("PDP_STATE_PASSWORD", "")
    with pytest.raises(StateError, match="nothing here opens the state"):
        from_environment()


@pytest.mark.parametrize(
    "text",
    [
        MACHINE + "\n",
        f"# created: 2026-10-01\n# public key: age1...\n{MACHINE}\n",
        f"# made on Windows\r\n{MACHINE}\r\n\r\n",
        f"  {MACHINE.lower()}  ",
    ],
    ids=["line end", "comments", "Windows", "blanks"],
)
def test_a_key_is_read_as_age_keygen_writes_it_from_the_variable_or_a_file(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_bytes(text.encode())
    for value in (text, str(tmp_path / "key")):
        monkeypatch.setenv("PDP_STATE_KEY", value)
        found = from_environment()
        assert isinstance(found, MachineKey)
        assert found.identity() == MACHINE


def test_a_key_that_can_not_be_read_is_told_so_and_never_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "two").write_text(f"{MACHINE}\n{MACHINE}\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    neither = "PDP_STATE_KEY is neither an age identity \\(AGE-SECRET-KEY-1...\\) nor the path of a file"
    for value, says in [
        ("hunter2hunter2", neither),
        ("~nobody-by-this-name/key", neither),
        (str(tmp_path), neither),
        (str(tmp_path / "binary"), neither),
        ("x" * 5000, neither),
        (MACHINE[:-1], "this is not an age identity"),
        (str(tmp_path / "two"), "there are 2 keys in what PDP_STATE_KEY gives; one is needed"),
    ]:
        monkeypatch.setenv("PDP_STATE_KEY", value)
        with pytest.raises(StateError, match=says) as caught:
            from_environment()
        assert value not in "".join(traceback.format_exception(caught.value))


def test_the_same_password_opens_typed_on_macos_and_on_linux() -> None:
    composed = unicodedata.normalize("NFC", "vierzehn Gänsefüßchen")
    keys, ring, _ = keyring.create(composed, {})
    apart = unicodedata.normalize("NFD", composed).replace(" ", "\u00a0")  # Option-space types this one
    assert apart != composed
    assert keyring.open_with(ring, Password(apart)).identity() == keys.identity()


def test_blanks_and_capitals_of_a_password_count() -> None:
    passwords = {Password(text).encoded() for text in ("a word", " a word", "a word ", "A word", "a  word", "ａ word")}
    assert len(passwords) == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fourteen letters\n", "holds a control character, such as a line end. Give it without; if it comes from a"),
        ("fourteen\0letters", "holds a control character"),
        ("", "the password is empty or longer than 1024 characters"),
        ("x" * 1025, "the password is empty or longer than 1024 characters"),
        ("fourteen letters\udcff", "the password is not text in UTF-8"),
    ],
    ids=["line end", "NUL", "empty", "long", "no text"],
)
def test_what_no_password_can_be_is_told_and_not_repeated(text: str, says: str) -> None:
    with pytest.raises(StateError, match=says) as caught:
        Password(text).encoded()
    assert not text or text not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_short_password_is_refused_with_the_reason_and_a_long_plain_one_is_not() -> None:
    with pytest.raises(StateError) as caught:
        keyring.create("Tr0ub4dor&3!!", {})
    assert "the password has fewer than 14 characters. Whoever gets a copy of the state can try" in str(caught.value)
    assert "Tr0ub4dor" not in str(caught.value)
    Password("aaaaaaaaaaaaaa").check_strength()
    with pytest.raises(StateError, match="fewer than 14"):
        Password(unicodedata.normalize("NFD", "äääääää")).check_strength()


@pytest.mark.parametrize("kind", [Password, MachineKey, RecoveryKey])
def test_a_secret_shows_itself_nowhere(
    kind: type[Password | MachineKey | RecoveryKey], caplog: pytest.LogCaptureFixture
) -> None:
    secret = kind("hunter2 hunter2 hunter2")
    logging.getLogger("pdp").warning("with %s %r", secret, [secret])
    shown = f"{secret} {secret!r} {[secret]} {caplog.text}"
    assert "hunter2" not in shown
    assert f"{kind.__name__}(hidden)" in shown
    assert not hasattr(secret, "__dict__")
    for write_down in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="secrets are never written down"):
            write_down(secret)


def test_what_the_keyring_is_told_of_a_machine_does_not_hold_its_key() -> None:
    recipient, _, knowledge = RECIPIENT.partition("+")
    assert recipient.startswith("age1")
    assert len(knowledge) == 32
    assert knowledge not in MACHINE.lower()
    assert recipient_of(MACHINE) == RECIPIENT
    assert recipient_of(new_machine_identity()[0]) != RECIPIENT
