"""Google's own clients, pointed at a stand-in or (without a root) at Google."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import google_auth_httplib2
import gspread
from google.oauth2 import credentials, service_account
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from googleapiclient.http import build_http
from httplib2 import certs

from tests.google.stand_in.people import SCOPE_ROOT

TIMEOUT_S = 30


def signed_in(info: Mapping[str, Any], *scopes: str) -> Any:
    """Credentials of a file's content, for scopes named without their common start.

    Not by from_authorized_user_info: it ignores the file's token_uri.
    """
    urls = [SCOPE_ROOT + scope for scope in scopes]
    if info["type"] == "service_account":
        return service_account.Credentials.from_service_account_info(info, scopes=urls)
    return credentials.Credentials(
        None,
        refresh_token=info["refresh_token"],
        token_uri=info.get("token_uri", "https://oauth2.googleapis.com/token"),
        client_id=info["client_id"],
        client_secret=info["client_secret"],
        scopes=urls or None,
    )


def drive(root: str | None, info: Mapping[str, Any], *scopes: str, version: str = "v3") -> Any:
    """googleapiclient's Drive service. With a root, its discovery document's rootUrl is replaced: uploads follow it."""
    document = json.loads(get_static_doc("drive", version))
    if root is not None:
        document["rootUrl"] = f"{root}/"
        document.pop("mtlsRootUrl", None)
    http = build_http()  # not httplib2.Http(): that one takes 308 for a redirection
    http.timeout = TIMEOUT_S
    http.ca_certs = certs.where()  # httplib2 asks for HTTPLIB2_CA_CERTS when it is imported, which may be long ago
    signed = signed_in(info, *(scopes or ("drive.file",)))
    return build_from_document(document, http=google_auth_httplib2.AuthorizedHttp(signed, http=http))


def sheets(root: str | None, info: Mapping[str, Any], *scopes: str) -> gspread.Client:
    """gspread's client."""

    class Client(gspread.HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Any:
            if root is not None:
                endpoint = endpoint.replace("https://sheets.googleapis.com", root, 1)
            return super().request(method, endpoint, *args, **kwargs)

    client = gspread.Client(signed_in(info, *(scopes or ("spreadsheets.readonly",))), http_client=Client)
    client.set_timeout(TIMEOUT_S)
    return client


def refusal(act: Callable[[], Any]) -> tuple[int, str, str]:
    """Status, reason and message of the refusal that googleapiclient meets."""
    try:
        act()
    except HttpError as refused:
        error = json.loads(refused.content)["error"]
        return refused.resp.status, error["errors"][0]["reason"], error["message"]
    raise AssertionError("Google did not refuse")


def names(files: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of listed files, sorted."""
    return sorted(file["name"] for file in files)
