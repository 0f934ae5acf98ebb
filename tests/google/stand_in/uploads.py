"""Uploads of bytes in Google's three forms: media, multipart, resumable; for v3 and v2."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

from tests.google.stand_in import drive_v2, drive_v3, drive_writes
from tests.google.stand_in.people import Caller
from tests.google.stand_in.wire import Answer, Refused, Request
from tests.google.stand_in.world import World

CHUNK_BYTES = 262_144  # a chunk that is not the last has a multiple of these (Drive's guide to uploads)
SIMPLE_BYTES = 5 * 2**20  # media and multipart are for files up to 5 MB, the same guide


@dataclass
class Session:
    """One resumable upload under way."""

    caller: Caller
    begun: Request
    file_id: str
    meta: dict[str, Any]
    mime: str
    length: int | None
    data: bytearray = field(default_factory=bytearray)
    finished: Answer | None = None


def begin(world: World, request: Request, caller: Caller, file_id: str = "") -> Answer:
    """POST, PATCH or (v2) PUT below /upload: a new file, or an id's new bytes."""
    form = request.one("uploadType")
    if form == "resumable":
        return _open(world, request, caller, file_id)
    if len(request.body) > SIMPLE_BYTES:
        raise Refused(413, "The stand-in takes more than 5 MB only in a resumable upload.", "uploadTooLarge")
    if form == "media":
        return _done(world, request, caller, file_id, {}, request.header("Content-Type"), request.body)
    if form == "multipart":
        meta, mime, data = _parts(request)
        return _done(world, request, caller, file_id, meta, mime, data)
    raise Refused(400, f"Invalid upload type: {form}", "badRequest")


def chunk(world: World, request: Request) -> Answer:
    """PUT to an upload's own address: bytes, or the question how many came."""
    session: Session | None = world.uploads.get(request.one("upload_id"))
    if session is None:
        raise Refused(404, "Upload session not found.", "notFound")
    if session.finished is not None:
        return session.finished
    first, last, total = _content_range(request)
    if first is not None:
        _take(session, request, first, last, total)
    if request.is_cut or total is None or len(session.data) < total:
        received = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
        return Answer(308, b"", received | {"X-GUploader-UploadID": request.one("upload_id")})
    if session.length not in (None, total):
        raise Refused(400, "The upload's length is not the one announced.", "badRequest")
    data = bytes(session.data)
    session.finished = _done(world, session.begun, session.caller, session.file_id, session.meta, session.mime, data)
    return session.finished


def cancel(world: World, request: Request) -> Answer:
    """DELETE of an upload's own address."""
    world.uploads.pop(request.one("upload_id"), None)
    return Answer(499)


def _open(world: World, request: Request, caller: Caller, file_id: str) -> Answer:
    meta = _meta(request, request.json())
    if file_id:
        drive_writes.check_update(world, request, caller, file_id, meta)
    else:
        drive_writes.check_create(world, request, caller, meta)
    length = request.header("X-Upload-Content-Length")
    upload_id = secrets.token_urlsafe(60)
    mime = request.header("X-Upload-Content-Type")
    size = int(length) if length.isdecimal() else None
    world.uploads[upload_id] = Session(caller, request, file_id, meta, mime, size)
    address = f"{world.root}{request.path}?uploadType=resumable&upload_id={upload_id}"
    return Answer(200, b"", {"Location": address, "X-GUploader-UploadID": upload_id})


def _content_range(request: Request) -> tuple[int | None, int, int | None]:
    text = request.header("Content-Range")
    if not text:
        return 0, len(request.body) - 1, len(request.body)
    asked = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", text)
    if asked is None:
        raise Refused(400, "Failed to parse Content-Range header.", "badRequest")
    total = None if asked[3] == "*" else int(asked[3])
    return (None, -1, total) if asked[1] is None else (int(asked[1]), int(asked[2]), total)


def _take(session: Session, request: Request, first: int, last: int, total: int | None) -> None:
    body = request.body
    if request.is_cut:  # the connection broke: what came is kept in whole blocks
        body = body[: len(body) // CHUNK_BYTES * CHUNK_BYTES]
    elif len(body) != last - first + 1:
        raise Refused(400, "The chunk's length is not what its Content-Range says.", "badRequest")
    elif len(body) % CHUNK_BYTES and (total is None or last + 1 < total):
        raise Refused(400, f"A chunk that is not the last must have a multiple of {CHUNK_BYTES} bytes.", "badRequest")
    if first > len(session.data):
        raise Refused(400, "Invalid request. The upload offset exceeds the bytes that came so far.", "badRequest")
    if first + len(body) > len(session.data):
        session.data[first:] = body


def _done(
    world: World, request: Request, caller: Caller, file_id: str, meta: dict[str, Any], mime: str, data: bytes
) -> Answer:
    if file_id:
        file = drive_writes.update(world, request, caller, file_id, meta, data)
    else:
        file = drive_writes.create(world, request, caller, meta, mime, data)
    sent = drive_v2.sent if _is_v2(request) else drive_v3.sent
    return sent(world, request, caller, file)


def _is_v2(request: Request) -> bool:
    return "/drive/v2/" in request.path


def _meta(request: Request, meta: dict[str, Any]) -> dict[str, Any]:
    return drive_v2.as_v3(meta) if _is_v2(request) else meta


def _parts(request: Request) -> tuple[dict[str, Any], str, bytes]:
    head = Message()
    head["Content-Type"] = request.header("Content-Type")
    boundary = head.get_boundary()
    if head.get_content_type() != "multipart/related" or boundary is None:
        raise Refused(400, "Bad content type. Please use multipart.", "badRequest")
    mark = b"--" + boundary.encode()
    line = b"\r\n" if mark + b"\r\n" in request.body else b"\n"
    pieces = (line + request.body).split(line + mark)
    if len(pieces) != 4 or not pieces[3].startswith(b"--"):
        raise Refused(400, "Malformed multipart body.", "badRequest")
    (meta_head, meta_body), (data_head, data) = (_part(piece[len(line) :], line) for piece in pieces[1:3])
    if not meta_head.get_content_type() == "application/json":
        raise Refused(400, "Malformed multipart body.", "badRequest")
    try:
        meta = json.loads(meta_body)
    except ValueError:
        raise Refused(400, "Parse Error", "parseError") from None
    return _meta(request, meta), data_head.get_content_type(), data


def _part(piece: bytes, line: bytes) -> tuple[Message, bytes]:
    head, _, body = piece.partition(line + line)
    return BytesHeaderParser().parsebytes(head + line + line), body
