"""Where credentials are looked for, what is refused in them, and that nothing of them is ever printed."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdp.errors import GoogleError
from pdp.google import credentials

VARIABLES = ("PDP_GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "PDP_STATE_GOOGLE_CREDENTIALS")
CANARY = "c4nary-5ecret"


@pytest.fixture(scope="module")
def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


@pytest.fixture
def account(private_key):
    return {
        "type": "service_account",
        "client_email": "reader@lab.iam.gserviceaccount.com",
        "private_key": private_key,
        "token_uri": "https://oauth2.googleapis.com/token",
    }


@pytest.fixture
def owner():
    return {"type": "authorized_user", "client_id": "a", "client_secret": CANARY, "refresh_token": CANARY}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """An empty working folder and none of the variables."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def write(path, content, mode=0o600):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    path.chmod(mode)
    return path


def refusal(find=credentials.for_sources):
    with pytest.raises(GoogleError) as caught:
        find()
    assert CANARY not in str(caught.value)
    return caught.value


def test_without_any_credentials_the_error_names_both_ways():
    error = refusal()
    assert error.reason == "not_signed_in"
    assert str(error).startswith(
        "there are no Google credentials: PDP_GOOGLE_CREDENTIALS is not set and there is no file "
        "credentials/google.json. Run pdp google sign-in, or set the variable to a service account's key file."
    )
    assert "pdp google sign-in --for state" in str(refusal(credentials.for_state))


def test_the_variable_may_hold_the_json_itself(monkeypatch, account):
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps(account))
    found = credentials.for_sources()
    assert (found.kind, found.address) == ("service_account", "reader@lab.iam.gserviceaccount.com")
    assert found.is_from == "the environment variable PDP_GOOGLE_CREDENTIALS"


def test_the_first_place_that_has_credentials_wins(monkeypatch, tmp_path, account):
    def named(name):
        return {**account, "client_email": f"{name}@lab.iam.gserviceaccount.com"}

    write(tmp_path / "credentials/google.json", named("file"))
    assert credentials.for_sources().address.startswith("file@")
    assert credentials.for_sources().is_from == "credentials/google.json"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(write(tmp_path / "google", named("theirs"))))
    assert credentials.for_sources().address.startswith("theirs@")
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", str(write(tmp_path / "pdp", named("ours"))))
    assert credentials.for_sources().address.startswith("ours@")
    assert credentials.for_state().address.startswith("ours@")
    write(tmp_path / "credentials/google-state.json", named("state-file"))
    assert credentials.for_state().address.startswith("state-file@")
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(named("state")))
    assert credentials.for_state().address.startswith("state@")
    assert credentials.for_sources().address.startswith("ours@")


def test_sources_are_asked_for_reading_only_and_state_for_what_it_needs(monkeypatch, account):
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps(account))
    names = [scope.rpartition("/")[2] for scope in credentials.for_sources().credentials.scopes]
    assert names == ["spreadsheets.readonly", "drive.readonly"]
    assert credentials.for_state().credentials.scopes == ["https://www.googleapis.com/auth/drive"]


def test_an_owner_is_taken_with_the_scopes_that_were_granted(monkeypatch, owner):
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps({**owner, "scopes": ["x"], "token_uri": None}))
    found = credentials.for_sources()
    assert (found.kind, found.address, found.credentials.scopes) == ("owner", "", None)
    assert found.credentials.token_uri == "https://oauth2.googleapis.com/token"


def test_an_identity_in_a_log_shows_no_secret(monkeypatch, owner):
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps(owner))
    assert CANARY not in repr(credentials.for_sources())
    assert "credentials=" not in repr(credentials.for_sources())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"private_key": None}, 'lacks "private_key". Get the file anew.'),
        ({"client_email": "", "token_uri": 5}, 'lacks "client_email", "token_uri". Get the file anew.'),
        ({"private_key": CANARY}, 'the field "private_key" is no private key. Download the key anew'),
        ({"type": CANARY}, 'the field "type" is neither "service_account" nor "authorized_user".'),
        ({"token_uri": "https://example.com/token"}, 'the field "token_uri" is not Google\'s. Do not use this file'),
        ({"token_uri": "http://oauth2.googleapis.com/token"}, 'the field "token_uri" is not Google\'s.'),
        ({"token_uri": "https://oauth2.googleapis.com:444/token"}, 'the field "token_uri" is not Google\'s.'),
        ({"token_uri": "https://oauth2.googleapis.com@example.com/"}, 'the field "token_uri" is not Google\'s.'),
        ({"token_uri": "https://[::1"}, 'the field "token_uri" is not Google\'s.'),
        ({"type": "authorized_user"}, 'lacks "client_id", "client_secret", "refresh_token".'),
        ({"installed": {}}, "this names an application (an OAuth client), not somebody who signed in. Run pdp google"),
    ],
)
def test_a_malformed_file_is_told_by_its_field(monkeypatch, account, change, says):
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps({**account, **change}))
    error = refusal()
    assert error.reason == "bad_credentials"
    assert str(error).startswith(f"the environment variable PDP_GOOGLE_CREDENTIALS: {says}")


@pytest.mark.parametrize("text", [f"{CANARY}{{", f'["{CANARY}"]', f'"{CANARY}"', ""])
def test_a_file_that_is_no_json_object_is_not_repeated(monkeypatch, tmp_path, text):
    (tmp_path / "key").write_text(text)
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", str(tmp_path / "key"))
    error = refusal()
    assert str(error).startswith("the file that PDP_GOOGLE_CREDENTIALS names: this is not a JSON object.")


def test_a_secret_where_its_files_name_belongs_is_not_repeated(monkeypatch):
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", CANARY)
    error = refusal()
    assert str(error).startswith("PDP_GOOGLE_CREDENTIALS: the credentials can't be read: there is no such file.")


def test_a_file_that_is_no_text_or_a_folder_is_told(monkeypatch, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "binary", tmp_path):
        monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", str(path))
        assert str(refusal()).startswith("PDP_GOOGLE_CREDENTIALS: the credentials can't be read: it can't be read.")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_of_ours_that_others_can_read_is_refused(tmp_path, account, mode):
    path = write(tmp_path / "credentials/google.json", account, mode)
    assert str(refusal()) == (
        "credentials/google.json: others on this machine can read it. chmod 600 credentials/google.json"
    )
    path.chmod(0o600)
    assert credentials.for_sources().address


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    info=st.dictionaries(
        st.sampled_from(
            ["type", "client_email", "private_key", "token_uri", "client_id", "refresh_token", "installed"]
        ),
        st.one_of(
            st.sampled_from(["service_account", "authorized_user", CANARY, "https://[", "http://127.0.0.1:x/"]),
            st.none(),
            st.integers(),
            st.lists(st.text()),
        ),
    )
)
def test_whatever_stands_in_the_file_the_answer_is_one_sentence_without_it(monkeypatch, info):
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps(info))
    assert refusal().reason == "bad_credentials"
