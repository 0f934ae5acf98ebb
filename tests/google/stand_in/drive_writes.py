"""What changes files, whichever version and upload form asks for it: checks, create, update, delete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.google.stand_in import drive_v3
from tests.google.stand_in.file import FOLDER, NATIVE, SHORTCUT, SPREADSHEET, File
from tests.google.stand_in.people import Caller
from tests.google.stand_in.sheets import Spreadsheet, Worksheet
from tests.google.stand_in.wire import Answer, Refused, Request
from tests.google.stand_in.world import World

SERVICE = "drive.googleapis.com"
KNOWN_FIELDS = {
    "id", "name", "mimeType", "parents", "description", "properties", "appProperties", "trashed", "shortcutDetails",
    "createdTime", "modifiedTime",
}  # fmt: skip
PROPERTY_BYTES = 124  # key and value together, UTF-8 (Drive's guide to custom file properties)


def check_create(world: World, request: Request, caller: Caller, meta: Mapping[str, Any]) -> None:
    """All that Google checks before it takes a new file's bytes."""
    caller.must_have(SERVICE, *drive_v3.WRITE_SCOPES)
    _check_fields(meta)
    parents = meta.get("parents") or []
    if len(parents) > 1:
        raise Refused(400, "A file cannot have more than one parent.", "invalid", location=("parameter", "parents"))
    drive = ""
    for parent in parents:
        folder = drive_v3.find(world, request, caller, parent)
        if world.files.role(caller.person.address, folder) not in ("owner", "writer"):
            message = "Insufficient permissions for the specified parent."
            raise Refused(403, message, "insufficientParentPermissions")
        drive = folder.drive
    if "id" in meta:
        _check_id(world, caller, meta)
    if drive:
        return
    if caller.person.kind == "service_account" and world.no_quota_for_service_accounts:
        raise Refused(403, drive_v3.NO_QUOTA, "storageQuotaExceeded", domain="usageLimits")
    check_quota(world)


def check_quota(world: World) -> None:
    """403 where a test has filled the owner's Drive."""
    if world.is_quota_full:
        message = "The user's Drive storage quota has been exceeded."
        raise Refused(403, message, "storageQuotaExceeded", domain="usageLimits")


def create(world: World, request: Request, caller: Caller, meta: Mapping[str, Any], mime: str, data: bytes) -> File:
    """A new file. Checked again: another may have taken the id since an upload began."""
    check_create(world, request, caller, meta)
    parent = (meta.get("parents") or [""])[0]
    if parent == "root":
        parent = ""
    kind = meta.get("mimeType") or mime or "application/octet-stream"
    if kind.startswith(NATIVE) and data:
        raise Refused(400, "The stand-in converts no uploads to Google's own formats.", "badRequest")
    file = world.files.make(meta.get("name", "Untitled"), kind, caller.person.address, parent, meta.get("id", ""))
    if file.drive:
        file.owner = ""
    file.apps.add(caller.person.app)
    _set(world, caller, file, meta)
    if kind == SHORTCUT:
        file.target = meta.get("shortcutDetails", {}).get("targetId", "")
    elif kind == SPREADSHEET:
        file.sheet = Spreadsheet("en_US", "Etc/GMT", {"Sheet1": Worksheet(0, [])})
    elif not kind.startswith(NATIVE):
        world.files.write(file, data)
    file.version = 1
    return file


def check_update(world: World, request: Request, caller: Caller, file_id: str, meta: Mapping[str, Any]) -> File:
    """The file that may be changed; 404, 403 or 412 else."""
    caller.must_have(SERVICE, *drive_v3.WRITE_SCOPES)
    _check_fields(meta)
    file = drive_v3.find(world, request, caller, file_id)
    if world.files.role(caller.person.address, file) not in ("owner", "writer"):
        message = "The user does not have sufficient permissions for this file."
        raise Refused(403, message, "insufficientFilePermissions")
    if not caller.has("drive") and caller.person.app not in file.apps:
        app = caller.person.app
        message = f"The user has not granted the app {app} write access to the file {file_id}."
        raise Refused(403, message, "appNotAuthorizedToFile")
    if "id" in meta and meta["id"] != file_id:
        raise Refused(403, "The resource body includes fields which are not directly writable.", "fieldNotWritable")
    if "trashed" in meta and world.files.role(caller.person.address, file) != "owner" and not file.drive:
        message = "The user does not have sufficient permissions for this file."
        raise Refused(403, message, "insufficientFilePermissions")
    wanted = request.header("If-Match") if "/v2/" in request.path else ""  # v3 does not know the header
    if wanted not in ("", "*", file.etag):
        raise Refused(412, "Precondition Failed", "conditionNotMet", location=("header", "If-Match"))
    return file


def update(
    world: World, request: Request, caller: Caller, file_id: str, meta: Mapping[str, Any], data: bytes | None
) -> File:
    """A changed file; with data, its new bytes. Checked again, as for create."""
    file = check_update(world, request, caller, file_id, meta)
    if data is not None:
        if file.mime.startswith(NATIVE):
            raise Refused(403, "The file's content cannot be changed.", "fileNotDownloadable")
        if file.owner == caller.person.address:
            check_quota(world)
        world.files.write(file, data)
    added, removed = request.one("addParents"), request.one("removeParents")
    if added or removed:
        kept = [parent for parent in file.parents if parent not in removed.split(",")]
        new = [drive_v3.find(world, request, caller, parent).id for parent in added.split(",") if parent]
        file.parents = new or kept
    _set(world, caller, file, meta)
    if data is None:
        world.files.touch(file)
    if "modifiedTime" in meta:
        file.modified = datetime.fromisoformat(meta["modifiedTime"])
    return file


def create_bare(world: World, request: Request, caller: Caller) -> Answer:
    """v3 files.create without bytes: a folder, a shortcut, an empty file."""
    return drive_v3.sent(world, request, caller, create(world, request, caller, request.json(), "", b""))


def update_bare(world: World, request: Request, caller: Caller, file_id: str) -> Answer:
    """v3 files.update without bytes: rename, move, trash, properties."""
    return drive_v3.sent(world, request, caller, update(world, request, caller, file_id, request.json(), None))


def delete(world: World, request: Request, caller: Caller, file_id: str) -> Answer:
    """files.delete: for good, with all that is in it."""
    file = check_update(world, request, caller, file_id, {})
    if world.files.role(caller.person.address, file) != "owner" and not file.drive:
        message = "The user does not have sufficient permissions for this file."
        raise Refused(403, message, "insufficientFilePermissions")
    _delete(world, file)
    return Answer(204)


def _delete(world: World, file: File) -> None:
    for inner in [f for f in world.files.by_id.values() if file.id in f.parents]:
        _delete(world, inner)
    world.files.delete(file.id)


def _check_fields(meta: Mapping[str, Any]) -> None:
    unknown = sorted(set(meta) - KNOWN_FIELDS)
    if unknown:
        raise Refused(400, f"The stand-in knows no field {', '.join(unknown)} that could be written.", "badRequest")
    for kind in ("properties", "appProperties"):
        for key, value in (meta.get(kind) or {}).items():
            if len(key.encode()) + len((value or "").encode()) > PROPERTY_BYTES:
                raise Refused(400, f"A property is longer than {PROPERTY_BYTES} bytes.", "invalid")


def _check_id(world: World, caller: Caller, meta: Mapping[str, Any]) -> None:
    mime = meta.get("mimeType", "")
    if mime.startswith(NATIVE) and mime not in (FOLDER, SHORTCUT):
        message = "Generated IDs are not supported for Docs Editors formats."
        raise Refused(403, message, "insufficientFilePermissions")
    if meta["id"] in world.files.used:
        raise Refused(409, "A file already exists with the provided ID.", "fileIdInUse")
    if mime == SHORTCUT or world.files.reserved.get(meta["id"]) != caller.person.address:
        raise Refused(400, "The provided file ID is not usable.", "invalid", location=("parameter", "file.id"))


def _set(world: World, caller: Caller, file: File, meta: Mapping[str, Any]) -> None:
    file.name = meta.get("name", file.name)
    file.description = meta.get("description", file.description)
    file.is_trashed = meta.get("trashed", file.is_trashed)
    if "createdTime" in meta:
        file.created = datetime.fromisoformat(meta["createdTime"])
    if "modifiedTime" in meta:
        file.modified = datetime.fromisoformat(meta["modifiedTime"])
    mine = file.app_properties.setdefault(caller.person.app, {})
    for kept, given in ((file.properties, meta.get("properties")), (mine, meta.get("appProperties"))):
        for key, value in (given or {}).items():
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value
