"""The keyring: a small public document from which the owner, machines and the recovery key each get at the keys.

It holds no key in the clear. Opening it is the password check; there is no hash of a password to attack besides. A MAC
under the state's own key covers the whole, so that a slot that a stranger added, took away or put back from an older
keyring is noticed by whoever opens it.

Changing the password or removing a machine closes that way into *this* document. Whoever kept an older copy of it and
the old password or key still gets at the same keys: against that only a new state with new keys helps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pdp.errors import StateError
from pdp.state import recovery_key, slots
from pdp.state.sealing import Keys
from pdp.state.secret import MachineKey, Password, RecoveryKey, Secret, new_machine_identity
from pdp.state.slots import OWNER, RECOVERY, Slot, canonical, damaged

FORMAT = 1
PURPOSE = "keyring"  # its MAC has a key of its own
MOST_BYTES, MOST_SLOTS = 1 << 18, 64

__all__ = [
    "MachineKey",
    "Password",
    "RecoveryKey",
    "Secret",
    "check",
    "create",
    "open_with",
    "ways_in",
    "with_password",
    "with_recipient",
    "with_recovery",
    "without_slot",
]


def create(password: Password | str, recipients: Mapping[str, str]) -> tuple[Keys, bytes, str]:
    """New keys and their keyring.

    Args:
        password: The owner's, of 14 characters or more.
        recipients: Machine's name to its recipient, as `secret.new_machine_identity` gives it (age1...+...).

    Returns:
        The keys, the keyring document, and the recovery key to be printed once: it is kept nowhere.

    Raises:
        StateError: The password is too short, a name or a recipient is none.
    """
    keys = Keys.new()
    recovery, printed = _recovery_slot(keys)
    ring = [_password_slot(password, keys), recovery]
    for name, recipient in recipients.items():
        ring = _joined(ring, slots.recipient_slot("recipient", name, recipient, keys.identity()))
    return keys, _written(ring, 1, keys), printed


def open_with(document: bytes, secret: Secret) -> Keys:
    """The keys, by the owner's password, a machine's key or the recovery key.

    Raises:
        StateError: It is not the one of any slot (the text says which slots there are), the document is damaged, was
            changed by somebody without the keys, or is of a newer format.
    """
    body = _read(document)
    keys = Keys.of(_identity(body["slots"], secret))
    _vouch(body, keys)
    return keys


def ways_in(document: bytes) -> tuple[tuple[str, str], ...]:
    """Kind (password, recipient, recovery) and name of each slot; taken from the document without proof."""
    return tuple((slot["kind"], slot["name"]) for slot in _read(document)["slots"])


def with_password(document: bytes, keys: Keys, new: Password | str) -> bytes:
    """The keyring with another owner's password; the old one no longer opens it. Blobs stay as they are."""
    slot = _password_slot(new, keys)
    return _changed(document, keys, lambda ring: [slot, *(each for each in ring if each["name"] != OWNER)])


def with_recipient(document: bytes, keys: Keys, name: str, recipient: str) -> bytes:
    """The keyring with one more machine.

    Raises:
        StateError: The name or the recipient is there already, or is none.
    """
    slot = slots.recipient_slot("recipient", name, recipient, keys.identity())
    return _changed(document, keys, lambda ring: _joined(ring, slot))


def with_recovery(document: bytes, keys: Keys) -> tuple[bytes, str]:
    """The keyring with a new recovery key, to be printed once; the old one no longer opens it."""
    slot, printed = _recovery_slot(keys)
    return _changed(document, keys, lambda ring: [*(each for each in ring if each["name"] != RECOVERY), slot]), printed


def without_slot(document: bytes, keys: Keys, name: str) -> bytes:
    """The keyring without a machine's way in. That machine may have kept the keys: see the module's text.

    Raises:
        StateError: There is no such slot, or it is a person's.
    """

    def remove(ring: list[Slot]) -> list[Slot]:
        if name in (OWNER, RECOVERY):
            raise StateError(
                f'"{name}" is no machine but the way in of a person, and stays.',
                hint="pdp state password sets another password, pdp state recovery-key makes a new recovery key.",
            )
        rest = [slot for slot in ring if slot["name"] != name]
        if len(rest) == len(ring):
            raise StateError(f'the keyring has no slot "{name}".', hint=f"It has {_told(ring)}.")
        return rest

    return _changed(document, keys, remove)


def check(document: bytes, keys: Keys) -> None:
    """See that the keyring is whole and was written by whoever has these keys.

    Raises:
        StateError: It is damaged, or altered by somebody without the keys.
    """
    _vouch(_read(document), keys)


def _password_slot(password: Password | str, keys: Keys) -> Slot:
    secret = password if isinstance(password, Password) else Password(password)
    secret.check_strength()
    return slots.password_slot(secret, keys.identity())


def _recovery_slot(keys: Keys) -> tuple[Slot, str]:
    identity, recipient = new_machine_identity()
    slot = slots.recipient_slot("recovery", RECOVERY, recipient, keys.identity())
    return slot, recovery_key.printed(identity)


def _joined(ring: list[Slot], slot: Slot) -> list[Slot]:
    for other in ring:
        if slot["name"] in (other["name"], OWNER, RECOVERY):
            raise StateError(
                f'the keyring has a slot "{slot["name"]}" already, or keeps that name for itself.',
                hint="Remove it first (`pdp state machine remove`), or take another name.",
            )
        if other.get("recipient") == slot["recipient"]:
            raise StateError(f'this recipient has a slot already: "{other["name"]}".', hint="Each machine has its own.")
    if len(ring) >= MOST_SLOTS:
        raise StateError(f"the keyring is full: {MOST_SLOTS} slots.", hint="Remove machines that are gone.")
    return [*ring, slot]


def _identity(ring: list[Slot], secret: Secret) -> str:
    """What the secret's slot holds; what the text of a refusal says depends on the kind of secret alone."""
    if isinstance(secret, Password):
        for slot in ring:
            if slot["kind"] == "password" and (identity := slots.open_password(slot, secret)):
                return identity
        raise _no_way("the password is wrong, or the keyring's slot for it was altered.", ring)
    key = secret.identity()
    for slot in ring:
        if slot["kind"] != "password" and (identity := slots.open_recipient(slot, key)):
            return identity
    if isinstance(secret, RecoveryKey):
        raise _no_way("this is a recovery key, but not the one of this state, or a newer one was made since.", ring)
    raise _no_way("this machine's key has no slot in the keyring: it was removed, or is of another state.", ring)


def _no_way(what: str, ring: list[Slot]) -> StateError:
    return StateError(
        what,
        hint=f"The keyring opens with {_told(ring)}. With the recovery key, `pdp state recover` sets a new password.",
    )


def _told(ring: list[Slot]) -> str:
    words = {"password": "the owner's password", "recovery": "the recovery key"}
    return ", ".join(words.get(slot["kind"], f'the key of machine "{slot["name"]}"') for slot in ring)


def _changed(document: bytes, keys: Keys, change: Callable[[list[Slot]], list[Slot]]) -> bytes:
    body = _read(document)
    _vouch(body, keys)
    return _written(change(body["slots"]), body["revision"] + 1, keys)


def _vouch(body: Mapping[str, Any], keys: Keys) -> None:
    covered = canonical({field: value for field, value in body.items() if field != "mac"})
    if not keys.is_mac(body["mac"], covered, PURPOSE):
        raise damaged("somebody without the keys changed it, or it is another state's")


def _written(ring: list[Slot], revision: int, keys: Keys) -> bytes:
    body: dict[str, Any] = {"pdp_keyring": FORMAT, "revision": revision, "slots": ring}
    return _rendered(body | {"mac": keys.mac(canonical(body), PURPOSE)})


def _rendered(body: Any) -> bytes:
    return json.dumps(body, indent=1, sort_keys=True, ensure_ascii=True).encode() + b"\n"


def _read(document: bytes) -> dict[str, Any]:
    """The document's content, found to be whole and of this format; nothing in it is proven yet."""
    try:
        body = json.loads(document) if len(document) <= MOST_BYTES else None
        is_as_written = _rendered(body) == document
    except (ValueError, RecursionError):
        raise damaged("it is not JSON") from None
    if not isinstance(body, dict) or type(body.get("pdp_keyring")) is not int:
        raise damaged("it is no keyring")
    if body["pdp_keyring"] > FORMAT:
        raise StateError(
            f"the keyring has format {body['pdp_keyring']}; this program knows {FORMAT}.", hint="Update the program."
        )
    if not is_as_written:
        raise damaged("it is not written as this program writes it")
    if set(body) != {"pdp_keyring", "revision", "slots", "mac"} or body["pdp_keyring"] != FORMAT:
        raise damaged("it has other fields than it should")
    if not (isinstance(body["mac"], str) and type(body["revision"]) is int and isinstance(body["slots"], list)):
        raise damaged("a field is of another kind than it should be")
    if len(body["slots"]) > MOST_SLOTS:
        raise damaged(f"it has more than {MOST_SLOTS} slots")
    ring = [slots.check(slot) for slot in body["slots"]]
    if len({slot["name"] for slot in ring}) != len(ring) or sum(slot["kind"] == "password" for slot in ring) > 1:
        raise damaged("two slots have one name")
    return body
