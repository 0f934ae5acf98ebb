"""The slots of a keyring: one way each to the state's age identity.

A password slot wraps it with AES-256-GCM under argon2id of the password; everything else in the slot, parameters of
the derivation included, is authenticated with it, so that a lowered parameter is an error. A machine's slot and the
recovery slot hold it as an age file to that key's recipient, which `base64 -d | age -d -i key` opens, with a proof that
whoever made the slot had been told of the key by its holder (see `secret.recipient_of`).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
import re
import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pyrage
from argon2.exceptions import HashingError
from argon2.low_level import ARGON2_VERSION, Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pdp.errors import StateError
from pdp.state.secret import Password, recipient_of

OWNER, RECOVERY = "owner", "recovery"
MEMORY_KIB, PASSES, LANES = 65_536, 3, 1  # argon2id; 64 MiB and 3 passes are RFC 9106's second choice, with one lane
# What is read from a keyring is held to these, before any work is done: a keyring may come from a stranger.
BOUNDS = {"memory_kib": (19_456, 524_288), "passes": (1, 16), "lanes": (1, 4)}  # floor: OWASP; ceiling: 512 MiB
SALT_BYTES, NONCE_BYTES = 16, 12
KNOWLEDGE = re.compile(r"[0-9a-f]{32}")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
FIELDS = {
    "password": {"kind", "name", "kdf", "version", "memory_kib", "passes", "lanes", "salt", "nonce", "wrapped"},
    "recipient": {"kind", "name", "recipient", "proof", "wrapped"},
    "recovery": {"kind", "name", "recipient", "proof", "wrapped"},
}

# Each derivation takes 64 MiB: more than one at a time would let a few logins use up a small server's memory.
_ONE_AT_A_TIME = threading.Semaphore(1)

Slot = dict[str, Any]


def canonical(value: object) -> bytes:
    """JSON in one way only: ASCII, keys sorted, no blanks. What is authenticated."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def password_slot(password: Password, identity: str) -> Slot:
    """The owner's slot; a new salt and nonce each time."""
    slot: Slot = {
        "kind": "password",
        "name": OWNER,
        "kdf": "argon2id",
        "version": ARGON2_VERSION,
        "memory_kib": MEMORY_KIB,
        "passes": PASSES,
        "lanes": LANES,
        "salt": _text(os.urandom(SALT_BYTES)),
        "nonce": _text(os.urandom(NONCE_BYTES)),
    }
    cipher = AESGCM(_stretched(password, slot))
    return slot | {"wrapped": _text(cipher.encrypt(_bytes(slot, "nonce"), identity.encode(), _bound(slot)))}


def recipient_slot(kind: str, name: str, recipient: str, identity: str) -> Slot:
    """A machine's slot, or the recovery key's.

    Args:
        recipient: As `secret.recipient_of` gives it: age1...+32 hex characters.

    Raises:
        StateError: The name or the recipient is none.
    """
    if not NAME.fullmatch(name):
        raise StateError(
            "a machine's name is 1 to 40 of a-z, 0-9, dot, dash and underscore, and begins with a letter or digit.",
            hint='Such as "ci" or "old-laptop".',
        )
    address, _, knowledge = recipient.partition("+")
    wrapped = pyrage.encrypt(identity.encode(), [_recipient(address, name)])
    if not KNOWLEDGE.fullmatch(knowledge):
        raise StateError(
            f'what is given for "{name}" is an age recipient alone; "+" and 32 hex characters are to follow.',
            hint="`pdp state machine add` makes a whole one.",
        )
    return {
        "kind": kind,
        "name": name,
        "recipient": address,
        "proof": _proof(knowledge, identity),
        "wrapped": _text(wrapped),
    }


def open_password(slot: Mapping[str, Any], password: Password) -> str | None:
    """The identity, or None when the password (or anything in the slot) is not what it was sealed with."""
    cipher = AESGCM(_stretched(password, slot))
    try:
        return cipher.decrypt(_bytes(slot, "nonce"), _bytes(slot, "wrapped"), _bound(slot)).decode()
    except InvalidTag:
        return None


def open_recipient(slot: Mapping[str, Any], key: str) -> str | None:
    """The identity, by the identity of a machine or of the recovery key; None when the slot is another key's.

    Raises:
        StateError: The slot is damaged, or was made by a stranger who knew the key's recipient alone.
    """
    address, _, knowledge = recipient_of(key).partition("+")
    if slot["recipient"] != address:
        return None
    try:
        identity = str(pyrage.decrypt(_bytes(slot, "wrapped"), [pyrage.x25519.Identity.from_str(key)]).decode())
    except (pyrage.DecryptError, OSError, UnicodeDecodeError):
        raise damaged(f'slot "{slot["name"]}" does not open with its own key') from None
    if not hmac.compare_digest(_proof(knowledge, identity).encode(), slot["proof"].encode("utf-8", "replace")):
        raise damaged(f'slot "{slot["name"]}" was made by somebody to whom this key was not entrusted')
    return identity


def check(slot: object) -> Slot:
    """A slot as it was read, found to be of a known kind, with its fields and with parameters within bounds."""
    if not isinstance(slot, dict) or str(slot.get("kind")) not in FIELDS:
        raise damaged("a slot is of no known kind")
    if set(slot) != FIELDS[slot["kind"]] or not (isinstance(slot["name"], str) and NAME.fullmatch(slot["name"])):
        raise damaged("a slot has other fields than its kind")
    if slot["kind"] != "password":
        _recipient(slot["recipient"], slot["name"])
        _bytes(slot, "wrapped")
        if not isinstance(slot["proof"], str):
            raise damaged("a proof is not text")
        return slot
    if slot["kdf"] != "argon2id" or type(slot["version"]) is not int or slot["version"] != ARGON2_VERSION:
        raise damaged("the password's derivation is not argon2id 1.3")
    for field, (least, most) in BOUNDS.items():
        if type(slot[field]) is not int or not least <= slot[field] <= most:
            raise damaged(f"{field} of the password's derivation is not between {least} and {most}")
    if len(_bytes(slot, "salt")) != SALT_BYTES or len(_bytes(slot, "nonce")) != NONCE_BYTES:
        raise damaged("salt or nonce has another length than it should")
    _bytes(slot, "wrapped")
    return slot


def damaged(what: str) -> StateError:
    """The keyring is not what this program wrote."""
    return StateError(
        f"the keyring is damaged or was altered: {what}.",
        hint="Nothing was opened. Put back a copy of the keyring that you trust.",
    )


def _stretched(password: Password, slot: Mapping[str, Any]) -> bytes:
    """32 bytes by argon2id; takes about 0.2 s and 64 MiB, one at a time."""
    secret = password.encoded()
    with _ONE_AT_A_TIME:
        try:
            return hash_secret_raw(
                secret,
                _bytes(slot, "salt"),
                time_cost=slot["passes"],
                memory_cost=slot["memory_kib"],
                parallelism=slot["lanes"],
                hash_len=32,
                type=Type.ID,
                version=slot["version"],
            )
        except HashingError:
            raise StateError(
                f"deriving the key from the password failed; it takes {slot['memory_kib'] // 1024} MiB of memory.",
                hint="Free some memory and try again.",
            ) from None


def _bound(slot: Mapping[str, Any]) -> bytes:
    """What is authenticated with the wrapped identity: all the rest of the slot, and the format."""
    return canonical({"pdp_keyring": 1, **{field: value for field, value in slot.items() if field != "wrapped"}})


def _proof(knowledge: str, identity: str) -> str:
    return hmac.new(bytes.fromhex(knowledge), identity.encode(), sha256).hexdigest()


def _recipient(text: object, name: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except (pyrage.RecipientError, TypeError, UnicodeError):
        raise StateError(
            f'what is given for "{name}" is not an age recipient (age1... and 58 characters).',
            hint="`pdp state machine add` makes a key and its recipient.",
        ) from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(slot: Mapping[str, Any], field: str) -> bytes:
    try:
        return base64.b64decode(slot[field], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise damaged(f"{field} is not base64") from None
