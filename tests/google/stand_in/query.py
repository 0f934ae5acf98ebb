"""Drive's search language, the `q` of files.list: what its documentation has and programs like ours use.

What the stand-in does not know is answered as Google answers bad syntax: 400.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from tests.google.stand_in.file import File
from tests.google.stand_in.files import Files
from tests.google.stand_in.people import Caller
from tests.google.stand_in.wire import Refused, invalid_value, no_such_file

Test = Callable[[File], bool]
TOKEN = re.compile(r"\s*('(?:[^'\\]|\\['\\])*'|[()={}]|!=|<=|>=|<|>|[A-Za-z]+)")
COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def parse(q: str, files: Files, caller: Caller) -> Test:
    """The test that a q stands for. A folder that the caller may not see is Google's 404."""
    return _Parser(q, files, caller).whole()


class _Parser:
    def __init__(self, q: str, files: Files, caller: Caller) -> None:
        self.files = files
        self.caller = caller
        self.tokens: list[str] = []
        at = 0
        while at < len(q.rstrip()):
            found = TOKEN.match(q, at)
            if found is None:
                raise _bad()
            self.tokens.append(found[1])
            at = found.end()

    def whole(self) -> Test:
        test = self.any_of()
        if self.tokens:
            raise _bad()
        return test

    def any_of(self) -> Test:
        test = self.all_of()
        while self.take("or"):
            test = _either(test, self.all_of())
        return test

    def all_of(self) -> Test:
        test = self.one()
        while self.take("and"):
            test = _both(test, self.one())
        return test

    def one(self) -> Test:
        if self.take("not"):
            inner = self.one()
            return lambda file: not inner(file)
        if self.take("("):
            test = self.any_of()
            self.need(")")
            return test
        if self.tokens and self.tokens[0].startswith("'"):
            return self.member()
        return self.term()

    def member(self) -> Test:
        value = self.text()
        self.need("in")
        where = self.word()
        if where == "owners":
            return lambda file: file.owner == value
        if where != "parents":
            raise _bad()
        folder = self.files.root_of(self.caller.person.address).id if value == "root" else value
        found = self.files.by_id.get(folder)
        if found is None or not self.files.is_seen_by(self.caller, found):
            raise no_such_file("")
        return lambda file: folder in file.parents

    def term(self) -> Test:
        name, operator = self.word(), self.word()
        if name in ("name", "mimeType"):
            return self.text_term(name, operator)
        if name in ("trashed", "sharedWithMe", "starred") and operator in ("=", "!="):
            is_wanted = (self.word({"true": "true", "false": "false"}) == "true") == (operator == "=")
            return lambda file: self.flag(name, file) == is_wanted
        if name in ("modifiedTime", "createdTime") and operator in COMPARE:
            limit = _instant(self.text())
            compare = COMPARE[operator]
            return lambda file: compare(file.modified if name == "modifiedTime" else file.created, limit)
        if name in ("properties", "appProperties") and operator == "has":
            return self.property_term(name)
        raise _bad()

    def text_term(self, name: str, operator: str) -> Test:
        value = self.text()

        def has(file: File) -> str:
            return file.name if name == "name" else file.mime

        if operator == "=":
            return lambda file: has(file) == value
        if operator == "!=":
            return lambda file: has(file) != value
        if operator == "contains" and name == "name":  # beginnings of words only, as Google's documentation says
            return lambda file: any(
                file.name[at:].lower().startswith(value.lower())
                for at in [0, *(found.end() for found in re.finditer(r"\W", file.name))]
            )
        if operator == "contains":
            return lambda file: file.mime.startswith(value)
        raise _bad()

    def property_term(self, name: str) -> Test:
        self.need("{")
        self.need("key")
        self.need("=")
        key = self.text()
        self.need("and")
        self.need("value")
        self.need("=")
        value = self.text()
        self.need("}")
        app = self.caller.person.app
        if name == "properties":
            return lambda file: file.properties.get(key) == value
        return lambda file: file.app_properties.get(app, {}).get(key) == value

    def flag(self, name: str, file: File) -> bool:
        if name == "trashed":
            return self.files.is_trashed(file)
        if name == "sharedWithMe":
            return self.caller.person.address in file.roles
        return False

    def take(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            del self.tokens[0]
            return True
        return False

    def need(self, token: str) -> None:
        if not self.take(token):
            raise _bad()

    def word(self, known: dict[str, str] | None = None) -> str:
        if not self.tokens or self.tokens[0].startswith("'"):
            raise _bad()
        token = self.tokens.pop(0)
        if known is not None and token not in known:
            raise _bad()
        return token

    def text(self) -> str:
        if not self.tokens or not self.tokens[0].startswith("'"):
            raise _bad()
        return re.sub(r"\\(.)", r"\1", self.tokens.pop(0)[1:-1])


def _both(one: Test, other: Test) -> Test:
    return lambda file: one(file) and other(file)


def _either(one: Test, other: Test) -> Test:
    return lambda file: one(file) or other(file)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _bad() from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _bad() -> Refused:
    return invalid_value("q")
