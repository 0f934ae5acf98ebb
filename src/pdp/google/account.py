"""A service account's credentials that speak with the token endpoint and the API that was asked, with nobody else."""

from __future__ import annotations

from google.oauth2 import service_account


class AccountCredentials(service_account.Credentials):
    """google-auth's, without the look-up of a "regional access boundary".

    Since 2.4x the library, in a thread of its own, sends every service account's access token to
    iamcredentials.googleapis.com to ask which regions it may use. Drive and Sheets have no regions; the thread
    outlives the call, and with a stand-in it would speak with Google itself.
    """

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False
