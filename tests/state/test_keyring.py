"""Each way in gives the same keys; nothing that was altered, weakened or forged gives any."""

import json
import subprocess
import sys
import threading
from typing import Any

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.errors import StateError
from pdp.state import keyring, recovery_key, slots
from pdp.state.keyring import MachineKey, Password, RecoveryKey
from pdp.state.sealing import Keys
from pdp.state.secret import new_machine_identity, recipient_of
from tests.state import written_by_version_1 as golden

PASSWORD, MACHINE, PRINTED, RING = golden.PASSWORD, golden.MACHINE, golden.RECOVERY, golden.KEYRING
KEYS = keyring.open_with(RING, MachineKey(MACHINE))
RECIPIENT = recipient_of(MACHINE)
ANOTHER = "AGE-SECRET-KEY-" + "1828FDMMP7HQCKAYL83ZSP4T6ZNY977RT5Y9Q9Y7VN9DJSTNZZZRS8PRTXH"  # opens nothing


def is_same(keys: Keys) -> bool:
    return keys.identity() == KEYS.identity()


def told(cases: list[tuple[Any, ...]]) -> list[str]:
    """Names for cases by what is said of them: keys and documents make none."""
    return [str(case[-1]) for case in cases]


def altered(change: Any) -> bytes:
    """The keyring as a stranger who has no key would write it: his change, the old MAC."""
    body = json.loads(RING)
    change(body)
    return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"


def slot_of(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(slot for slot in body["slots"] if slot["kind"] == kind)


def test_password_machine_and_recovery_key_each_give_the_same_keys() -> None:
    machine, recipient = new_machine_identity()
    keys, ring, printed = keyring.create("four words about nothing", {"ci": recipient})
    for secret in (Password("four words about nothing"), MachineKey(machine), RecoveryKey(printed)):
        assert keyring.open_with(ring, secret).identity() == keys.identity()
    assert keyring.ways_in(ring) == (("password", "owner"), ("recovery", "recovery"), ("recipient", "ci"))


WRONG: list[tuple[Any, ...]] = [
    (Password("an owner's passworD"), "the password is wrong, or the keyring's slot for it was altered."),
    (MachineKey(ANOTHER), "this machine's key has no slot in the keyring: it was removed, or"),
    (RecoveryKey(ANOTHER), "this is a recovery key, but not the one of this state, or a newer"),
]


@pytest.mark.parametrize(("secret", "says"), WRONG, ids=told(WRONG))
def test_a_wrong_secret_is_told_which_ways_in_there_are(secret: keyring.Secret, says: str) -> None:
    with pytest.raises(StateError) as caught:
        keyring.open_with(RING, secret)
    assert str(caught.value).startswith(says)
    assert 'opens with the owner\'s password, the recovery key, the key of machine "ci".' in str(caught.value)
    assert "`pdp state recover` sets a new password" in str(caught.value)


def test_the_keyring_shows_no_secret() -> None:
    for secret in (KEYS.identity(), PASSWORD, MACHINE, PRINTED, RECIPIENT.partition("+")[2]):
        assert secret.encode() not in RING


def test_a_new_password_opens_the_old_one_fails_and_blobs_stay_as_they_are() -> None:
    sealed = KEYS.seal_bytes(b"120/80")
    ring = keyring.with_password(RING, KEYS, "quite another one of these")
    keys = keyring.open_with(ring, Password("quite another one of these"))
    assert keys.unseal_bytes(sealed) == b"120/80"
    assert keys.name_of(b"120/80") == KEYS.name_of(b"120/80")
    with pytest.raises(StateError, match="the password is wrong"):
        keyring.open_with(ring, Password(PASSWORD))
    assert is_same(keyring.open_with(ring, MachineKey(MACHINE)))
    assert is_same(keyring.open_with(ring, RecoveryKey(PRINTED)))


def test_a_new_recovery_key_opens_and_the_old_one_fails() -> None:
    ring, printed = keyring.with_recovery(RING, KEYS)
    assert is_same(keyring.open_with(ring, RecoveryKey(printed)))
    with pytest.raises(StateError, match="a newer one was made since"):
        keyring.open_with(ring, RecoveryKey(PRINTED))


def test_a_machine_that_is_added_opens_and_one_that_is_removed_does_not() -> None:
    laptop, recipient = new_machine_identity()
    ring = keyring.with_recipient(RING, KEYS, "old-laptop", recipient)
    assert is_same(keyring.open_with(ring, MachineKey(laptop)))
    assert ("recipient", "old-laptop") in keyring.ways_in(ring)
    ring = keyring.without_slot(ring, KEYS, "old-laptop")
    with pytest.raises(StateError, match="it was removed"):
        keyring.open_with(ring, MachineKey(laptop))
    assert is_same(keyring.open_with(ring, MachineKey(MACHINE)))


NO_MACHINES: list[tuple[Any, ...]] = [
    ("ci", recipient_of(ANOTHER), 'the keyring has a slot "ci" already'),
    ("owner", recipient_of(ANOTHER), "or keeps that name for itself"),
    ("recovery", recipient_of(ANOTHER), "or keeps that name for itself"),
    ("second", RECIPIENT, 'this recipient has a slot already: "ci"'),
    ("Old Laptop", recipient_of(ANOTHER), "a machine's name is 1 to 40 of a-z"),
    ("second", "age1slipped", 'what is given for "second" is not an age recipient'),
    ("second", recipient_of(ANOTHER).partition("+")[0], "is an age recipient alone"),
    ("second", "\ud800", "is not an age recipient"),
]


@pytest.mark.parametrize(("name", "recipient", "says"), NO_MACHINES, ids=told(NO_MACHINES))
def test_a_machine_that_can_not_be_added_is_told_why(name: str, recipient: str, says: str) -> None:
    with pytest.raises(StateError, match=says):
        keyring.with_recipient(RING, KEYS, name, recipient)


@pytest.mark.parametrize("name", ["owner", "recovery"])
def test_a_way_in_of_a_person_is_not_removed_as_a_machine(name: str) -> None:
    with pytest.raises(StateError, match=f'"{name}" is no machine but the way in of a person.*pdp state password'):
        keyring.without_slot(RING, KEYS, name)


def test_a_machine_that_is_not_there_is_not_removed() -> None:
    with pytest.raises(StateError, match=r'no slot "laptop"\. It has .*the owner\'s password.*the key of machine "ci"'):
        keyring.without_slot(RING, KEYS, "laptop")


def test_one_flipped_bit_anywhere_in_the_keyring_is_refused() -> None:
    for at in range(len(RING)):
        for bit in range(8):
            changed = bytearray(RING)
            changed[at] ^= 1 << bit
            with pytest.raises(StateError):
                keyring.open_with(bytes(changed), MachineKey(MACHINE))


def test_a_keyring_cut_anywhere_is_refused() -> None:
    for length in range(len(RING)):
        with pytest.raises(StateError):
            keyring.open_with(RING[:length], MachineKey(MACHINE))


@pytest.mark.parametrize("field", ["salt", "nonce", "wrapped"])
def test_an_altered_slot_does_not_open_with_the_right_password(field: str) -> None:
    def flip(body: dict[str, Any]) -> None:
        slot = slot_of(body, "password")
        slot[field] = ("B" if slot[field][0] == "A" else "A") + slot[field][1:]

    with pytest.raises(StateError, match="the password is wrong, or the keyring's slot for it was altered"):
        keyring.open_with(altered(flip), Password(PASSWORD))


@pytest.mark.parametrize("lowered", [{"memory_kib": 19_456}, {"passes": 1}, {"lanes": 2}, {"name": "ci2"}])
def test_a_lowered_parameter_does_not_open_even_where_the_derived_key_would_fit(
    lowered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The attack: the slot wrapped anew under a cheap derivation, or relabelled, must not count as the owner's own.
    # Deriving from the original parameters here leaves only the authenticated fields to notice the difference.
    original = slot_of(json.loads(RING), "password")
    stretched = slots._stretched(Password(PASSWORD), original)
    monkeypatch.setattr(slots, "_stretched", lambda password, slot: stretched)
    assert is_same(keyring.open_with(RING, Password(PASSWORD)))
    with pytest.raises(StateError, match="the password is wrong, or"):
        keyring.open_with(altered(lambda body: slot_of(body, "password").update(lowered)), Password(PASSWORD))


HOSTILE: list[tuple[Any, ...]] = [
    ({"memory_kib": 10 * 1024 * 1024}, "memory_kib of the password's derivation is not between 19456 and 524288"),
    ({"memory_kib": 8}, "memory_kib of the password's derivation is not between"),
    ({"memory_kib": True}, "memory_kib of the password's derivation is not between"),
    ({"passes": 10**9}, "passes of the password's derivation is not between 1 and 16"),
    ({"passes": "3"}, "passes of the password's derivation is not between 1 and 16"),
    ({"passes": True}, "passes of the password's derivation is not between 1 and 16"),
    ({"lanes": 10**6}, "lanes of the password's derivation is not between 1 and 4"),
    ({"salt": ""}, "salt or nonce has another length"),
    ({"salt": 7}, "salt is not base64"),
    ({"kdf": "scrypt"}, "derivation is not argon2id"),
    ({"version": 16}, "derivation is not argon2id"),
    ({"kind": "fingerprint"}, "a slot is of no known kind"),
    ({"kind": []}, "a slot is of no known kind"),
    ({"kind": "recipient"}, "a slot has other fields than its kind"),
    ({"extra": 1}, "a slot has other fields than its kind"),
    ({"name": "Owner!"}, "a slot has other fields than its kind"),
    ({"name": "ci"}, "two slots have one name"),
    ({"wrapped": ""}, "the password is wrong, or"),
]


@pytest.mark.parametrize(("hostile", "says"), HOSTILE, ids=told(HOSTILE))
def test_a_hostile_slot_is_refused_before_any_work_is_done(hostile: dict[str, Any], says: str) -> None:
    with pytest.raises(StateError, match=says):
        keyring.open_with(altered(lambda body: slot_of(body, "password").update(hostile)), Password(PASSWORD))


NO_KEYRINGS: list[tuple[Any, ...]] = [
    (b"", "it is not JSON"),
    (b"\xff\xfe", "it is not JSON"),
    (b"[" * 100_000, "it is not JSON"),
    (b"[]\n", "it is no keyring"),
    (b" " * 300_000, "it is no keyring"),
    (RING.replace(b"\n", b"\r\n"), "it is not written as this program writes it"),
    (altered(lambda body: body.update(pdp_keyring=2)), "the keyring has format 2; this program knows 1. Update"),
    (altered(lambda body: body.update(pdp_keyring=0)), "other fields than it should"),
    (altered(lambda body: body.update(more=1)), "other fields than it should"),
    (altered(lambda body: body.update(mac=None)), "a field is of another kind"),
    (altered(lambda body: body.update(mac="\ud800")), "somebody without the keys changed it"),
    (altered(lambda body: slot_of(body, "recipient").update(proof="\ud800")), "to whom this key was not entrusted"),
    (altered(lambda body: slot_of(body, "recipient").update(proof=None)), "a proof is not text"),
    (altered(lambda body: body.update(slots=body["slots"] * 30)), "more than 64 slots"),
]


@pytest.mark.parametrize(("document", "says"), NO_KEYRINGS, ids=told(NO_KEYRINGS))
def test_what_is_no_keyring_is_told_so(document: bytes, says: str) -> None:
    with pytest.raises(StateError, match=says) as caught:
        keyring.open_with(document, MachineKey(MACHINE))
    assert caught.value.hint


def test_a_slot_that_a_stranger_takes_away_is_noticed() -> None:
    without = altered(lambda body: body["slots"].remove(slot_of(body, "recovery")))
    with pytest.raises(StateError, match="somebody without the keys changed it"):
        keyring.open_with(without, MachineKey(MACHINE))
    with pytest.raises(StateError, match="somebody without the keys changed it"):
        keyring.with_password(without, KEYS, "quite another one of these")


def test_a_slot_put_back_from_an_older_keyring_is_noticed() -> None:
    newer = json.loads(keyring.with_password(RING, KEYS, "quite another one of these"))
    newer["slots"][0] = slot_of(json.loads(RING), "password")
    document = json.dumps(newer, indent=1, sort_keys=True).encode() + b"\n"
    with pytest.raises(StateError, match="somebody without the keys changed it"):
        keyring.open_with(document, Password(PASSWORD))


@pytest.mark.parametrize(("kind", "secret"), [("recipient", MachineKey(MACHINE)), ("recovery", RecoveryKey(PRINTED))])
def test_a_strangers_keyring_made_for_a_key_he_only_knows_from_ours_is_refused(
    kind: str, secret: keyring.Secret
) -> None:
    # He reads the recipient in our keyring, and puts a keyring to keys of his own in its place: what the machine
    # sealed from then on, he could read.
    his, ring, _ = keyring.create("a stranger's own password", {})
    known = slot_of(json.loads(RING), kind)
    body = json.loads(ring)
    wrapped = pyrage.encrypt(his.identity().encode(), [pyrage.x25519.Recipient.from_str(known["recipient"])])
    forged = known | {"wrapped": slots._text(wrapped)}
    body["slots"] = [forged]
    del body["mac"]
    body["mac"] = his.mac(slots.canonical(body), "keyring")
    document = json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"
    with pytest.raises(StateError, match="made by somebody to whom this key was not entrusted"):
        keyring.open_with(document, secret)


def test_the_printed_recovery_key_is_an_age_identity_that_opens_its_slot_with_age_alone() -> None:
    identity = pyrage.x25519.Identity.from_str(PRINTED.replace(" ", ""))
    slot = slot_of(json.loads(RING), "recovery")
    assert pyrage.decrypt(slots._bytes(slot, "wrapped"), [identity]).decode() == KEYS.identity()


LOOKS = {"0": "0Oo", "L": "LlI1i", "8": "8Bb", " ": [" ", "", "-", "\n", " – ", "."]}


def copies(printed: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.tuples(*(st.sampled_from(LOOKS.get(letter, letter + letter.lower())) for letter in printed))


@settings(max_examples=100)
@given(copies(PRINTED), copies(recovery_key.printed(MACHINE)))
def test_a_recovery_key_opens_however_it_was_copied(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert {*"0L8"} <= {*PRINTED, *MACHINE}, "letters that are mistaken for others"
    assert recovery_key.read("".join(one)) == PRINTED.replace(" ", "")
    assert recovery_key.read("".join(other)) == MACHINE


def test_a_recovery_key_opens_without_its_prefix() -> None:
    assert recovery_key.read(PRINTED.removeprefix("AGE-SECRET-KEY-1")) == PRINTED.replace(" ", "")


def test_one_slip_anywhere_in_a_recovery_key_is_noticed() -> None:
    key = PRINTED.removeprefix("AGE-SECRET-KEY-1 ").replace(" ", "")
    for at in range(len(key)):
        for letter in recovery_key._LETTERS - {key[at]}:
            with pytest.raises(
                StateError, match=r"has a slip in it: its check does not fit\. Compare it with the paper"
            ):
                recovery_key.read(key[:at] + letter + key[at + 1 :])


NO_RECOVERY_KEYS: list[tuple[Any, ...]] = [
    ("", "has 0 characters; 58 follow AGE-SECRET-KEY-1"),
    (PRINTED[:-1], "has 57 characters; 58 follow"),
    (PRINTED + "Q", "has 59 characters; 58 follow"),
    (PRINTED[:-1] + "é", "occur in no recovery key"),
]


@pytest.mark.parametrize(("typed", "says"), NO_RECOVERY_KEYS, ids=told(NO_RECOVERY_KEYS))
def test_a_recovery_key_that_is_none_says_how_it_differs_and_repeats_nothing(typed: str, says: str) -> None:
    with pytest.raises(StateError, match=says) as caught:
        recovery_key.read(typed)
    assert PRINTED[17:21] not in str(caught.value)


AT_ONCE = """
import resource, threading
from pdp.state import keyring
from tests.state import written_by_version_1 as golden

def login():
    keyring.open_with(golden.KEYRING, keyring.Password(golden.PASSWORD))

login()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threads = [threading.Thread(target=login) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_four_logins_at_once_take_the_memory_of_one() -> None:
    run = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=True)
    assert int(run.stdout) < slots.MEMORY_KIB / 2


def test_a_failed_derivation_lets_the_next_one_in() -> None:
    with pytest.raises(StateError, match="control character"):
        keyring.open_with(RING, Password("a line end\n"))
    opened: list[Keys] = []
    thread = threading.Thread(target=lambda: opened.append(keyring.open_with(RING, Password(PASSWORD))))
    thread.start()
    thread.join(30)
    assert opened


@pytest.mark.parametrize(
    "secret",
    [Password(golden.PASSWORD), MachineKey(golden.MACHINE), RecoveryKey(golden.RECOVERY)],
)
def test_the_keyring_of_version_1_opens_forever(secret: keyring.Secret) -> None:
    assert keyring.open_with(golden.KEYRING, secret).name_of(golden.PLAIN) == golden.NAME


def test_a_changed_keyring_of_version_1_is_written_as_it_was_then() -> None:
    keys = keyring.open_with(golden.KEYRING, MachineKey(golden.MACHINE))
    ring = json.loads(keyring.without_slot(golden.KEYRING, keys, "ci"))
    before = json.loads(golden.KEYRING)
    assert ring["slots"] == before["slots"][:2]
    assert (ring["pdp_keyring"], ring["revision"], set(ring)) == (1, 2, set(before))
