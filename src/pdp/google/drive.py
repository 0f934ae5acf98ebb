"""Google Drive: the few calls that we make, each bounded in time, tried again where that is safe, and verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from googleapiclient.errors import HttpError

from pdp.errors import GoogleError
from pdp.google import downloads, services
from pdp.google.answers import OddAnswerError
from pdp.google.content import CHECKSUM_FIELDS, Content
from pdp.google.credentials import Identity
from pdp.google.faults import told
from pdp.google.patience import patiently
from pdp.google.services import CALL_TIMEOUT_S, LIST_TIMEOUT_S

T = TypeVar("T")

FOLDER = "application/vnd.google-apps.folder"
MULTIPART_BELOW = 5 * 1000 * 1000  # bytes; Drive's limit for an upload in one request is 5 MB
_CREATED = f"id,{CHECKSUM_FIELDS}"
_MOST_IDS = 1000  # in one answer of files.generateIds


class Drive:
    """Drive as one identity sees it. Thread-safe; asks nothing before the first call.

    Every method raises GoogleError, with a cause and a cure and without an id.
    """

    def __init__(self, identity: Identity) -> None:
        services.prepare()
        self.identity = identity
        self._lines = services.Lines(identity)

    @cached_property
    def _v3(self) -> Any:
        return services.drive("v3")

    @cached_property
    def _v2(self) -> Any:
        return services.drive("v2")

    # The library makes all methods anew whenever it is asked for files(): two thirds of what a request costs here.
    @cached_property
    def _files(self) -> Any:
        return self._v3.files()

    @cached_property
    def _files_v2(self) -> Any:
        return self._v2.files()

    def about(self) -> str:
        """The e-mail address of who is signed in."""
        answer = self._ask("the account", lambda: self._v3.about().get(fields="user(emailAddress)"))
        return str(answer.get("user", {}).get("emailAddress", ""))

    def files(self, q: str, fields: str) -> Iterator[dict[str, Any]]:
        """Every file that a query of Drive's finds, shared drives too, in no order.

        Args:
            q: Drive's query.
            fields: Of each file, such as "id,name,size".
        """
        token, seen = None, set()
        while True:
            page = self._ask(
                "the list of files",
                lambda token=token: self._files.list(  # type: ignore[misc]
                    q=q,
                    fields=f"nextPageToken,incompleteSearch,files({fields})",
                    pageSize=1000,
                    pageToken=token,
                    supportsAllDrives=True,
                    includeItemsFromAllDrives=True,
                ),
                LIST_TIMEOUT_S,
            )
            if page.get("incompleteSearch"):
                # A file that is missing from a list looks like one that was deleted.
                raise GoogleError("unavailable", "Google did not search everything this time.", hint="Try again later.")
            for file in page.get("files", []):
                if "id" not in file or file["id"] not in seen:
                    seen.add(file.get("id"))
                    yield file
            token = page.get("nextPageToken")
            if not token:
                return

    def get(self, id: str, fields: str) -> dict[str, Any]:
        """The named fields of a file; absent ones are not there (Drive v3)."""
        return dict(self._ask("the file", lambda: self._files.get(fileId=id, fields=fields, supportsAllDrives=True)))

    def download(self, id: str, target: BinaryIO, *, size: int, checksum: str) -> None:
        """Write a file's bytes, piece by piece, each tried again for itself.

        Args:
            id: Of the file.
            target: Written from where it stands; what is there after an error is to be thrown away.
            size: Bytes, as the file's fields say.
            checksum: "sha256:<hex>", "md5:<hex>", or "" where Drive has none (then the size alone is proof).

        Raises:
            GoogleError: damaged_download: other bytes than these came, or the file was changed meanwhile.
        """

        def ask(prepared: Callable[[Any], Any]) -> Any:
            media = self._files.get_media
            return self._ask("the file", lambda: prepared(media(fileId=id, supportsAllDrives=True)))

        downloads.whole(ask, target, size, checksum)

    def generate_ids(self, n: int) -> list[str]:
        """Ids that files can be created under, so that a create can be tried again without making two."""
        found: list[str] = []
        while len(found) < n:
            count = min(n - len(found), _MOST_IDS)
            answer = self._ask(
                "new ids",
                lambda count=count: self._files.generateIds(count=count, space="drive"),  # type: ignore[misc]
                needs="ids",
            )
            found += answer["ids"]
        return found[:n]

    def create(
        self, id: str, name: str, parents: Sequence[str], mime: str, data: bytes | Path, properties: Mapping[str, str]
    ) -> dict[str, Any]:
        """Make a file under an id from `generate_ids`. Safe to repeat: it is there once, or not at all.

        Returns:
            id, size, sha256Checksum and md5Checksum as far as Drive has them, verified against the data.

        Raises:
            GoogleError: conflict: other bytes are under that id. damaged_upload: other bytes arrived than were sent.
        """
        from pdp.google import uploads

        size = len(data) if isinstance(data, bytes) else data.stat().st_size
        content = Content(data, mime, is_resumable=size >= MULTIPART_BELOW)
        body = {"id": id, "name": name, "parents": list(parents), "mimeType": mime, "appProperties": dict(properties)}

        def request() -> Any:
            return self._files.create(
                body={key: value for key, value in body.items() if value},
                media_body=content,
                fields=_CREATED,
                supportsAllDrives=True,
            )

        with told(self.identity, "the new file"):
            try:
                if content.resumable():
                    stored = uploads.resumed(request, self._lines)
                else:
                    stored = patiently(lambda: self._once(request))
            except HttpError as error:
                if error.resp.status != 409:
                    raise
                stored = None
        if stored is None:  # somebody made it: we, when an answer was lost, or another
            stored = self.get(id, _CREATED)
            if not content.is_same_as(stored):
                raise GoogleError("conflict", "the new file: there is another under its id.")
            return stored
        if not content.is_same_as(stored):
            raise GoogleError("damaged_upload", "the new file: other bytes arrived than were sent.", hint="Try again.")
        return dict(stored)

    def create_folder(self, name: str) -> str:
        """Make a folder in the root; its id."""
        (id,) = self.generate_ids(1)
        with told(self.identity, "the new folder"):
            try:
                body = {"id": id, "name": name, "mimeType": FOLDER}
                patiently(lambda: self._once(lambda: self._files.create(body=body, fields="id")))
            except HttpError as error:
                if error.resp.status != 409:  # the id is ours alone: it is our own folder, whose answer was lost
                    raise
        return id

    def trash(self, id: str) -> None:
        """Put a file into the bin, from which it can come back for 30 days."""
        self._set_trashed(id, True)

    def delete(self, id: str) -> None:
        """Delete a file for good; it is in no bin afterwards."""
        self._ask("the file", lambda: self._files.delete(fileId=id, supportsAllDrives=True))

    def restore(self, id: str) -> None:
        """Take a file out of the bin."""
        self._set_trashed(id, False)

    def is_trashed(self, id: str) -> bool:
        """Whether a file lies in the bin."""
        return bool(self.get(id, "trashed").get("trashed"))

    def _set_trashed(self, id: str, is_trashed: bool) -> None:
        body = {"trashed": is_trashed}
        self._ask(
            "the file",
            lambda: self._files.update(fileId=id, body=body, fields="id", supportsAllDrives=True),
        )

    def etag(self, id: str) -> str:
        """What changes with every change of a file (Drive v2; v3 has no such thing)."""
        answer = self._ask(
            "the file", lambda: self._files_v2.get(fileId=id, fields="etag", supportsAllDrives=True), needs="etag"
        )
        return str(answer["etag"])

    def update_if(self, id: str, etag: str, data: bytes) -> str:
        """Put new bytes in a file, if it is still what it was at `etag` (Drive v2, If-Match).

        Returns:
            The new etag.

        Raises:
            GoogleError: conflict: somebody else changed it first.
        """
        content = Content(data, "application/octet-stream", is_resumable=False)

        def request() -> Any:
            asked = self._files_v2.update(
                fileId=id, media_body=content, fields="etag,fileSize,md5Checksum", supportsAllDrives=True
            )
            asked.headers["If-Match"] = etag
            return asked

        with told(self.identity, "the file"):
            try:
                return str(patiently(lambda: self._once(request, needs="etag"))["etag"])
            except HttpError as error:
                if error.resp.status != 412:
                    raise
        # Refused, because another was first, or because an earlier try of ours was done and its answer lost.
        after = self.etag(id)
        if not content.is_same_as(self.get(id, CHECKSUM_FIELDS)):
            raise GoogleError("conflict", "the file was changed by somebody else meanwhile.")
        return after

    def _ask(self, what: str, request: Callable[[], Any], timeout_s: float | None = None, needs: str = "") -> Any:
        """A call that may be repeated."""
        with told(self.identity, what):
            return patiently(lambda: self._once(request, timeout_s, needs))

    def _once(self, request: Callable[[], Any], timeout_s: float | None = None, needs: str = "") -> Any:
        bound_s = CALL_TIMEOUT_S if timeout_s is None else timeout_s
        answer = self._lines.use(lambda line: request().execute(http=line, num_retries=0), bound_s)
        if needs and not answer.get(needs):
            raise OddAnswerError
        return answer
