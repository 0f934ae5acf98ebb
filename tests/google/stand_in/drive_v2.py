"""Drive v2: files.get with its etag, and files.update, which heeds If-Match."""

from __future__ import annotations

from typing import Any

from tests.google.stand_in import drive_v3, drive_writes
from tests.google.stand_in.clock import written
from tests.google.stand_in.fields import select
from tests.google.stand_in.file import File
from tests.google.stand_in.people import Caller
from tests.google.stand_in.wire import Answer, Refused, Request, as_json
from tests.google.stand_in.world import World


def resource(world: World, caller: Caller, file: File) -> dict[str, Any]:
    """A file as v2 tells of it."""
    new = drive_v3.resource(world, caller, file)
    entry: dict[str, Any] = {
        "kind": "drive#file",
        "id": file.id,
        "etag": file.etag,
        "title": file.name,
        "mimeType": file.mime,
        "labels": {"starred": False, "trashed": new["trashed"], "restricted": False, "viewed": False},
        "createdDate": written(file.created),
        "modifiedDate": written(file.modified),
        "parents": [{"kind": "drive#parentReference", "id": parent} for parent in new.get("parents", [])],
        "version": new["version"],
        "editable": new["capabilities"]["canEdit"],
    }
    if "md5Checksum" in new:
        entry |= {name: new[name] for name in ("md5Checksum", "sha1Checksum", "sha256Checksum", "headRevisionId")}
        entry |= {"fileSize": new["size"], "originalFilename": file.name}
    return entry


def sent(world: World, request: Request, caller: Caller, file: File) -> Answer:
    """A file's resource, whole where no fields are asked for."""
    entry = select(resource(world, caller, file), request.one("fields") or "*", "File", "v2")
    return as_json(entry, headers={"ETag": file.etag})


def get(world: World, request: Request, caller: Caller, file_id: str) -> Answer:
    """files.get, the resource or (alt=media) the bytes."""
    caller.must_have("drive.googleapis.com", *drive_v3.READ_SCOPES)
    file = drive_v3.find(world, request, caller, file_id)
    if request.one("alt") == "media":
        caller.must_have("drive.googleapis.com", *drive_v3.CONTENT_SCOPES)
        return drive_v3.media(request, file)
    return sent(world, request, caller, file)


def update_bare(world: World, request: Request, caller: Caller, file_id: str) -> Answer:
    """files.update without bytes."""
    file = drive_writes.update(world, request, caller, file_id, as_v3(request.json()), None)
    return sent(world, request, caller, file)


def as_v3(meta: dict[str, Any]) -> dict[str, Any]:
    """v2's words of a file in v3's; 400 for one that the stand-in does not know."""
    names = {"title": "name", "mimeType": "mimeType", "description": "description", "id": "id"}
    unknown = sorted(set(meta) - set(names))
    if unknown:
        raise Refused(
            400, f"The stand-in knows no field {', '.join(unknown)} of v2 that could be written.", "badRequest"
        )
    return {names[name]: value for name, value in meta.items()}
