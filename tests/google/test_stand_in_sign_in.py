"""The stand-in's sign-in, with google-auth."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest
import requests
from google.auth import crypt, jwt
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request

from tests.google.stand_in import clients, people

READ = "https://www.googleapis.com/auth/drive.readonly"


def exchange(stand_in, account, *, key=None, **claims):
    """What /token answers to a JWT of an account's, with some claims of its own."""
    now = int(time.time())
    usual = {"iss": account["client_email"], "scope": READ, "aud": people.AUDIENCE, "iat": now, "exp": now + 3600}
    assertion = jwt.encode(crypt.RSASigner.from_string(key or account["private_key"]), usual | claims).decode()
    form = {"grant_type": people.JWT_BEARER, "assertion": assertion}
    return requests.post(f"{stand_in.root}/token", data=form, timeout=10).json()


def test_a_service_account_gets_a_token_for_what_it_signed(stand_in):
    signed_in = clients.signed_in(stand_in.service_account(), "drive.readonly")
    signed_in.refresh(Request())
    assert signed_in.token.startswith("ya29.")
    assert 3500 < (signed_in.expiry.timestamp() - time.time() + time.timezone) % 86400 < 3700


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"exp": int(time.time()) + 7200}, "Token must be a short-lived token"),
        ({"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}, "Token must be a short-lived token"),
        ({"iat": int(time.time()) + 900, "exp": int(time.time()) + 1800}, "Token must be a short-lived token"),
        ({"aud": "https://elsewhere.example/token"}, "Invalid JWT: Failed audience check."),
        ({"iss": "nobody@example.com"}, "Invalid grant: account not found"),
        ({"scope": ""}, "Empty or missing scope not allowed."),
    ],
)
def test_a_jwt_that_google_would_not_take_is_refused(stand_in, claims, told):
    assert told in exchange(stand_in, stand_in.service_account(), **claims)["error_description"]


def test_another_accounts_key_is_refused(stand_in):
    mine, other = stand_in.service_account("mine"), stand_in.service_account("other")
    answer = exchange(stand_in, mine, key=other["private_key"])
    assert answer == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}


@pytest.mark.parametrize("offset_s", [-7200, 7200])
def test_a_wrong_clock_is_told_as_google_tells_it(stand_in, offset_s):
    stand_in.clock_offset = offset_s
    signed_in = clients.signed_in(stand_in.service_account(), "drive.readonly")
    with pytest.raises(RefreshError, match="Check your iat and exp values in the JWT claim"):
        signed_in.refresh(Request())
    told = requests.get(f"{stand_in.root}/drive/v3/about", timeout=10).headers["Date"]
    assert abs(parsedate_to_datetime(told).timestamp() - time.time() - offset_s) < 60


def test_a_token_that_ended_is_renewed_by_the_client(stand_in):
    drive = clients.drive(stand_in.root, stand_in.owner())
    drive.files().list().execute()
    stand_in.expire_tokens()
    drive.files().list().execute()
    assert [path for _, path in stand_in.requests].count("/token") == 2


@pytest.mark.parametrize("kind", ["owner", "service_account"])
def test_a_revoked_identity_gets_no_token_and_its_old_one_ends(stand_in, kind):
    info = getattr(stand_in, kind)()
    drive = clients.drive(stand_in.root, info)
    drive.files().list().execute()
    stand_in.revoke(info)
    with pytest.raises(RefreshError, match="invalid_grant"):
        drive.files().list().execute()


def test_an_owner_may_ask_for_less_than_was_granted_but_not_for_more(stand_in):
    owner = stand_in.owner(scopes=("drive.file", "spreadsheets.readonly"))
    clients.signed_in(owner, "drive.file").refresh(Request())
    with pytest.raises(RefreshError, match="invalid_scope"):
        clients.signed_in(owner, "drive").refresh(Request())


def test_an_app_that_google_does_not_know_is_refused(stand_in):
    info = stand_in.owner() | {"client_id": "unknown"}
    with pytest.raises(RefreshError, match=r"The OAuth client was not found\."):
        clients.signed_in(info).refresh(Request())


@pytest.mark.parametrize("path", ["/drive/v3/files", "/v4/spreadsheets/x", "/upload/drive/v3/files?uploadType=media"])
def test_nothing_is_told_without_a_token(stand_in, path):
    answer = requests.request("POST" if "upload" in path else "GET", stand_in.root + path, timeout=10)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
