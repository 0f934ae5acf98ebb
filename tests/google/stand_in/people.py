"""Who calls: service accounts and owners, and the tokens that Google gives them.

A service account's signed JWT is verified for real: RS256 by its own key, issuer, audience, lifetime.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.google.stand_in.clock import Clock
from tests.google.stand_in.wire import Answer, Refused, Request, as_json

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# google-auth signs for this audience whatever token_uri says.
AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE_ROOT = "https://www.googleapis.com/auth/"
TOKEN_LIFE_S = 3600
CLOCK_LEEWAY_S = 300  # how far ahead of Google's clock a JWT may be; the true value is not published
OWNER = "owner@example.com"


@cache
def key_of(number: int) -> rsa.RSAPrivateKey:
    """A process's n-th RSA key: making one takes up to 0.2 s, so stand-ins share them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(eq=False)
class Person:
    """A service account or an owner who has granted an app access."""

    address: str
    kind: str
    app: str
    scopes: frozenset[str] = frozenset()
    key: rsa.RSAPrivateKey | None = None
    refresh_token: str = ""
    is_revoked: bool = False


@dataclass(frozen=True)
class Caller:
    """A person with the scopes of the token at hand."""

    person: Person
    scopes: frozenset[str]

    def has(self, *names: str) -> bool:
        """Whether the token bears one of the scopes, named without their common start."""
        return any(SCOPE_ROOT + name in self.scopes for name in names)

    def must_have(self, service: str, *names: str) -> None:
        """403 unless the token bears one of the scopes."""
        if not self.has(*names):
            raise Refused(
                403,
                "Request had insufficient authentication scopes.",
                "insufficientPermissions",
                details={"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "service": service},
            )


@dataclass
class People:
    """All identities of one stand-in."""

    clock: Clock
    root: str = ""
    known: list[Person] = field(default_factory=list)
    tokens: dict[str, tuple[Caller, float]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def service_account(self, name: str = "reader") -> dict[str, Any]:
        """A new service account's key file, as Google's console gives it but for token_uri."""
        with self.lock:
            number = sum(person.kind == "service_account" for person in self.known)
            key = key_of(number)
            address = f"{name}@pdp-stand-in.iam.gserviceaccount.com"
            app = f"1{number:020d}"
            self.known.append(Person(address, "service_account", app, key=key))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "pdp-stand-in",
            "private_key_id": secrets.token_hex(20),
            "private_key": pem.decode(),
            "client_email": address,
            "client_id": app,
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": f"{self.root}/token",
            "universe_domain": "googleapis.com",
        }

    def owner(
        self, address: str = OWNER, scopes: Collection[str] = ("drive.file",), app: str = "pdp"
    ) -> dict[str, Any]:
        """What an owner who signed in to an app has: an authorized_user file. Scopes without their common start."""
        granted = frozenset(SCOPE_ROOT + scope for scope in scopes)
        person = Person(address, "owner", f"{app}.apps.googleusercontent.com", granted)
        person.refresh_token = "1//0" + secrets.token_urlsafe(48)
        with self.lock:
            self.known.append(person)
        return {
            "type": "authorized_user",
            "client_id": person.app,
            "client_secret": "a-secret-of-the-stand-in",
            "refresh_token": person.refresh_token,
            "token_uri": f"{self.root}/token",
            "universe_domain": "googleapis.com",
        }

    def revoke(self, who: str | Mapping[str, Any]) -> None:
        """Withdraw an identity (its file, or an address): its tokens end and it gets no new ones."""
        wanted = {who} if isinstance(who, str) else {who.get("client_email"), who.get("refresh_token")}
        with self.lock:
            for person in self.known:
                if person.address in wanted or (person.refresh_token and person.refresh_token in wanted):
                    person.is_revoked = True
                    self.tokens = {t: entry for t, entry in self.tokens.items() if entry[0].person is not person}

    def expire_tokens(self) -> None:
        """End every access token given so far, as after an hour."""
        with self.lock:
            self.tokens.clear()

    def caller(self, request: Request) -> Caller:
        """Whose token the request bears; 401 without a good one."""
        scheme, _, token = request.header("Authorization").partition(" ")
        with self.lock:
            entry = self.tokens.get(token) if scheme == "Bearer" else None
            if entry is None or entry[1] < self.clock.now().timestamp():
                raise Refused(
                    401,
                    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
                    "other valid authentication credential.",
                    "authError",
                    location=("header", "Authorization"),
                    headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'},
                    is_from_platform=True,
                )
            return entry[0]

    def token(self, request: Request) -> Answer:
        """POST /token."""
        form = {name: values[-1] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        grant = form.get("grant_type")
        with self.lock:
            try:
                if grant == JWT_BEARER:
                    person, scopes = self._by_jwt(form.get("assertion", ""))
                elif grant == "refresh_token":
                    person, scopes = self._by_refresh_token(form)
                else:
                    raise _NoGrant("unsupported_grant_type", f"Invalid grant_type: {grant}")
            except _NoGrant as refused:
                return as_json({"error": refused.error, "error_description": str(refused)}, refused.status)
            token = "ya29." + secrets.token_urlsafe(96)
            self.tokens[token] = (Caller(person, scopes), self.clock.now().timestamp() + TOKEN_LIFE_S)
        answer: dict[str, Any] = {"access_token": token, "expires_in": TOKEN_LIFE_S - 1, "token_type": "Bearer"}
        if person.kind == "owner":
            answer["scope"] = " ".join(sorted(scopes))
        return as_json(answer)

    def _by_jwt(self, assertion: str) -> tuple[Person, frozenset[str]]:
        try:
            head, claims, signature = (_decoded(part) for part in assertion.split("."))
            header, claim = json.loads(head), json.loads(claims)
        except ValueError:
            raise _NoGrant("invalid_grant", "Invalid JWT: Failed parse.") from None
        people = [p for p in self.known if p.kind == "service_account" and p.address == claim.get("iss")]
        if not people or people[-1].is_revoked:
            raise _NoGrant("invalid_grant", "Invalid grant: account not found")
        person = people[-1]
        assert person.key is not None
        try:
            if header.get("alg") != "RS256":
                raise InvalidSignature
            signed = assertion.rpartition(".")[0].encode()
            person.key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise _NoGrant("invalid_grant", "Invalid JWT Signature.") from None
        if claim.get("aud") not in (AUDIENCE, f"{self.root}/token"):
            raise _NoGrant("invalid_grant", "Invalid JWT: Failed audience check.")
        now = self.clock.now().timestamp()
        begin, end = claim.get("iat", 0), claim.get("exp", 0)
        if not (begin <= now + CLOCK_LEEWAY_S and end > now and 0 < end - begin <= TOKEN_LIFE_S):
            raise _NoGrant(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim.",
            )
        scopes = frozenset(claim.get("scope", "").split())
        if not scopes:
            raise _NoGrant("invalid_scope", "Empty or missing scope not allowed.")
        return person, scopes

    def _by_refresh_token(self, form: Mapping[str, str]) -> tuple[Person, frozenset[str]]:
        owners = [p for p in self.known if p.kind == "owner" and p.app == form.get("client_id")]
        if not owners:
            raise _NoGrant("invalid_client", "The OAuth client was not found.", 401)
        for person in owners:
            if secrets.compare_digest(person.refresh_token, form.get("refresh_token", "")) and not person.is_revoked:
                asked = frozenset(form.get("scope", "").split()) or person.scopes
                if not asked <= person.scopes:
                    raise _NoGrant("invalid_scope", "Bad Request")
                return person, asked
        raise _NoGrant("invalid_grant", "Token has been expired or revoked.")


class _NoGrant(Exception):
    def __init__(self, error: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = error
        self.status = status


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def address_of(who: str | Mapping[str, Any]) -> str:
    """The address of an identity: itself, or a service account's file."""
    return who if isinstance(who, str) else str(who["client_email"])
