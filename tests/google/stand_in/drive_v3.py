"""Drive v3: files.list, get, create, update, delete, generateIds, and about."""

from __future__ import annotations

import re
import secrets
from typing import Any

from tests.google.stand_in import query
from tests.google.stand_in.clock import written
from tests.google.stand_in.fields import select
from tests.google.stand_in.file import FOLDER, SHORTCUT, File
from tests.google.stand_in.people import Caller
from tests.google.stand_in.wire import Answer, Refused, Request, as_json, invalid_value, no_such_file
from tests.google.stand_in.world import World

FILE_FIELDS = "kind,id,name,mimeType"
LIST_FIELDS = f"kind,incompleteSearch,nextPageToken,files({FILE_FIELDS})"
READ_SCOPES = ("drive", "drive.readonly", "drive.file", "drive.metadata", "drive.metadata.readonly")
CONTENT_SCOPES = ("drive", "drive.readonly", "drive.file")
WRITE_SCOPES = ("drive", "drive.file")
NO_QUOTA = (
    "Service Accounts do not have storage quota. Leverage shared drives "
    "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), or use OAuth delegation "
    "(http://support.google.com/a/answer/7281227) instead."
)


def resource(world: World, caller: Caller, file: File) -> dict[str, Any]:
    """A file as v3 tells of it, all fields that the stand-in has."""
    role = world.files.role(caller.person.address, file)
    parents = [
        p for p in file.parents if p in world.files.by_id and world.files.is_seen_by(caller, world.files.by_id[p])
    ]
    entry: dict[str, Any] = {
        "kind": "drive#file",
        "id": file.id,
        "name": file.name,
        "mimeType": file.mime,
        "description": file.description,
        "starred": False,
        "trashed": world.files.is_trashed(file),
        "explicitlyTrashed": file.is_trashed,
        "parents": parents,
        "properties": dict(file.properties),
        "appProperties": dict(file.app_properties.get(caller.person.app, {})),
        "spaces": ["drive"],
        "version": str(file.version),
        "createdTime": written(file.created),
        "modifiedTime": written(file.modified),
        "driveId": file.drive,
        "owners": [{"kind": "drive#user", "emailAddress": file.owner, "me": file.owner == caller.person.address}],
        "shared": bool(file.roles),
        "ownedByMe": role == "owner",
        "capabilities": {"canEdit": role != "reader", "canTrash": role == "owner" or bool(file.drive)},
        "isAppAuthorized": caller.person.app in file.apps,
        "size": "0",
    }
    if file.content is not None:
        entry |= {"originalFilename": file.name, "headRevisionId": file.head_revision} | file.told
    if file.mime == SHORTCUT:
        target = world.files.by_id.get(file.target)
        entry["shortcutDetails"] = {"targetId": file.target, "targetMimeType": target.mime if target else ""}
    if file.drive:
        del entry["owners"], entry["ownedByMe"]
    if file.mime == FOLDER or file.mime == SHORTCUT:
        del entry["size"]
    for name in ("description", "properties", "appProperties", "driveId", "parents"):
        if not entry[name]:
            del entry[name]
    return entry


def find(world: World, request: Request, caller: Caller, file_id: str) -> File:
    """A file that the caller may know of; 404 else."""
    if file_id == "root":
        return world.files.root_of(caller.person.address)
    file = world.files.by_id.get(file_id)
    if file is None or not world.files.is_seen_by(caller, file):
        raise no_such_file(file_id)
    if file.drive and not (request.is_true("supportsAllDrives") or request.is_true("supportsTeamDrives")):
        raise no_such_file(file_id)
    return file


def sent(world: World, request: Request, caller: Caller, file: File) -> Answer:
    """A file's resource with the fields asked for."""
    return as_json(select(resource(world, caller, file), request.one("fields") or FILE_FIELDS, "File"))


def get(world: World, request: Request, caller: Caller, file_id: str) -> Answer:
    """files.get, the resource or (alt=media) the bytes."""
    caller.must_have("drive.googleapis.com", *READ_SCOPES)
    file = find(world, request, caller, file_id)
    if request.one("alt") != "media":
        return sent(world, request, caller, file)
    caller.must_have("drive.googleapis.com", *CONTENT_SCOPES)
    return media(request, file)


def media(request: Request, file: File) -> Answer:
    """A file's bytes, all or the Range asked for."""
    if file.content is None:
        message = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
        raise Refused(403, message, "fileNotDownloadable", location=("parameter", "alt"))
    size = len(file.content)
    headers = {"Content-Type": file.mime, "Accept-Ranges": "bytes", "Content-Disposition": "attachment"}
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.header("Range"))
    if asked is None or asked[0] == "bytes=-":
        return Answer(200, file.content, headers)
    first = int(asked[1]) if asked[1] else max(size - int(asked[2]), 0)
    last = min(int(asked[2]), size - 1) if asked[1] and asked[2] else size - 1
    if first >= size or last < first:
        raise Refused(
            416,
            "Request range not satisfiable",
            "requestedRangeNotSatisfiable",
            location=("header", "Range"),
            headers={"Content-Range": f"bytes */{size}"},
        )
    return Answer(206, file.content[first : last + 1], headers | {"Content-Range": f"bytes {first}-{last}/{size}"})


def list_files(world: World, request: Request, caller: Caller) -> Answer:
    """files.list."""
    caller.must_have("drive.googleapis.com", *READ_SCOPES)
    size = request.one("pageSize", "100")
    if not size.isdecimal() or not 1 <= int(size) <= 1000:
        raise invalid_value("pageSize", f"Invalid value '{size}'. Values must be within the range: [1, 1000]")
    asked = (request.one("q"), request.one("orderBy"), caller.person.address)
    if "pageToken" in request.query:
        page = world.pages.get(request.one("pageToken"))
        if page is None or page[0] != asked:
            raise invalid_value("pageToken")
        ids = page[1]
    else:
        ids = [file.id for file in found(world, request, caller)]
        world.files.lists += 1
    now, later = ids[: int(size)], ids[int(size) :]
    answer: dict[str, Any] = {"kind": "drive#fileList", "incompleteSearch": False}
    if later:
        token = "~!!~" + secrets.token_urlsafe(60)
        world.pages[token] = (asked, later)
        answer["nextPageToken"] = token
    answer["files"] = [resource(world, caller, world.files.by_id[i]) for i in now if i in world.files.by_id]
    return as_json(select(answer, request.one("fields") or LIST_FIELDS, "FileList"))


def found(world: World, request: Request, caller: Caller) -> list[File]:
    """What a list shows, in its order: newest first where none is asked for, though Google promises none."""
    test = query.parse(request.one("q"), world.files, caller) if request.one("q") else lambda file: True
    has_drives = request.is_true("includeItemsFromAllDrives") and request.is_true("supportsAllDrives")
    shown = [
        file
        for file in world.files.by_id.values()
        if file.parents
        and (has_drives or not file.drive)
        and world.files.lists - file.listed_from >= world.files.list_lag
        and world.files.is_seen_by(caller, file)
        and test(file)
    ]
    for term in reversed((request.one("orderBy") or "modifiedTime desc").split(",")):
        name, _, direction = term.strip().partition(" ")
        if name not in ORDERS or direction not in ("", "desc"):
            raise invalid_value("orderBy")
        shown.sort(key=ORDERS[name], reverse=bool(direction))
    return shown


ORDERS: dict[str, Any] = {
    "name": lambda file: file.name.lower(),
    "name_natural": lambda file: file.name.lower(),
    "modifiedTime": lambda file: file.modified,
    "createdTime": lambda file: file.created,
    "folder": lambda file: file.mime != FOLDER,
    "quotaBytesUsed": lambda file: len(file.content or b""),
}


def generate_ids(world: World, request: Request, caller: Caller) -> Answer:
    """files.generateIds."""
    caller.must_have("drive.googleapis.com", *WRITE_SCOPES)
    count = request.one("count", "10")
    if not count.isdecimal() or not 1 <= int(count) <= 1000:
        raise invalid_value("count", f"Invalid value '{count}'. Values must be within the range: [1, 1000]")
    ids = world.files.reserve(caller.person.address, int(count))
    return as_json({"kind": "drive#generatedIds", "space": "drive", "ids": ids})


def about(world: World, request: Request, caller: Caller) -> Answer:
    """about.get, for which fields must be given."""
    caller.must_have("drive.googleapis.com", *READ_SCOPES)
    if not request.one("fields"):
        message = "The 'fields' parameter is required for this method."
        raise Refused(400, message, "required", location=("parameter", "fields"))
    has_quota = caller.person.kind == "owner"
    used = sum(len(f.content or b"") for f in world.files.by_id.values() if f.owner == caller.person.address)
    user = {"kind": "drive#user", "emailAddress": caller.person.address, "displayName": "Stand-in", "me": True}
    quota = {"limit": str(15 * 2**30 if has_quota else 0), "usage": str(used), "usageInDrive": str(used)}
    return as_json(select({"kind": "drive#about", "user": user, "storageQuota": quota}, request.one("fields"), "About"))
