"""The stand-in held against Google itself.

test_likeness.py asserts what the program relies on. Plainly run, it asks the stand-in. So that an owner can check that
Google still answers the same:

    PDP_LIVE_OWNER=credentials/google-state.json python -m pytest tests/google/live --live

PDP_LIVE_OWNER     an authorized_user file with the scope drive.file (what `pdp google sign-in` writes)
PDP_LIVE_STRANGER  optional: a service account's key file, to which nothing needs to be shared

It makes one folder "pdp likeness <time>" in your Drive, works in it alone, and puts it into the trash at the end.
Nothing else of your Drive is read or changed. The Drive and Sheets APIs must be enabled in the credentials' project.
"""
