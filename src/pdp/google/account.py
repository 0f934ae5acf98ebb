"""Google's credentials, made to speak with the token endpoint and the API that was asked, with nobody else."""

from __future__ import annotations

from typing import Any

from google.auth.exceptions import TransportError
from google.oauth2 import credentials, service_account


class AccountCredentials(service_account.Credentials):
    """A service account's, without the look-up of a "regional access boundary".

    Since 2.4x the library, in a thread of its own, sends every service account's access token to
    iamcredentials.googleapis.com to ask which regions it may use. Drive and Sheets have no regions; the thread
    outlives the call, and with a stand-in it would speak with Google itself.
    """

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False

    def refresh(self, request: Any) -> None:
        """A new token."""
        try:
            super().refresh(request)  # type: ignore[no-untyped-call]
        except (TypeError, AttributeError, KeyError):
            raise _odd() from None


class OwnerCredentials(credentials.Credentials):
    """The owner's own sign-in."""

    def refresh(self, request: Any) -> None:
        """A new token."""
        try:
            super().refresh(request)  # type: ignore[no-untyped-call]
        except (TypeError, AttributeError, KeyError):
            raise _odd() from None


def _odd() -> TransportError:
    """For a proxy's page or half an answer in the place of a token: the library takes any 200 for one and falls."""
    return TransportError("the token endpoint gave something else than a token")  # type: ignore[no-untyped-call]
