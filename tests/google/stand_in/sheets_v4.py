"""Sheets v4: spreadsheets.get, values.get, values.batchGet, and as much of values.update as tests need."""

from __future__ import annotations

from typing import Any

from tests.google.stand_in import cells
from tests.google.stand_in.fields import only
from tests.google.stand_in.file import File
from tests.google.stand_in.people import Caller
from tests.google.stand_in.sheets import Spreadsheet, Worksheet
from tests.google.stand_in.wire import Answer, Refused, Request, as_json
from tests.google.stand_in.world import World

SERVICE = "sheets.googleapis.com"
SCOPES = ("spreadsheets", "spreadsheets.readonly", "drive", "drive.readonly", "drive.file")
RENDER_OPTIONS = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
DATE_OPTIONS = ("SERIAL_NUMBER", "FORMATTED_STRING")


def get(world: World, request: Request, caller: Caller, sheet_id: str) -> Answer:
    """spreadsheets.get without grid data."""
    file, book = _find(world, caller, sheet_id)
    if request.is_true("includeGridData"):
        raise Refused(400, "The stand-in gives no grid data.")
    sheets = []
    for index, (title, sheet) in enumerate(book.worksheets.items()):
        rows, columns = sheet.size
        properties: dict[str, Any] = {
            "sheetId": sheet.number,
            "title": title,
            "index": index,
            "sheetType": "GRID",
            "gridProperties": {"rowCount": rows, "columnCount": columns},
        }
        sheets.append({"properties": properties | ({"hidden": True} if sheet.is_hidden else {})})
    answer: dict[str, Any] = {
        "spreadsheetId": file.id,
        "properties": {
            "title": file.name,
            "locale": book.locale,
            "autoRecalc": "ON_CHANGE",
            "timeZone": book.time_zone,
        },
        "sheets": sheets,
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{file.id}/edit",
    }
    return as_json(only(answer, request.one("fields")) if request.one("fields") else answer)


def values(world: World, request: Request, caller: Caller, sheet_id: str, area: str) -> Answer:
    """values.get."""
    _, book = _find(world, caller, sheet_id)
    return as_json(_value_range(book, request, area))


def batch(world: World, request: Request, caller: Caller, sheet_id: str) -> Answer:
    """values.batchGet: the ranges in the order asked for, all or none."""
    file, book = _find(world, caller, sheet_id)
    asked = request.query.get("ranges", [])
    return as_json({"spreadsheetId": file.id, "valueRanges": [_value_range(book, request, area) for area in asked]})


def update(world: World, request: Request, caller: Caller, sheet_id: str, text: str) -> Answer:
    """values.update of RAW values: rows as they are, from the range's first cell on."""
    caller.must_have(SERVICE, "spreadsheets", "drive", "drive.file")
    file, book = _find(world, caller, sheet_id)
    if world.files.role(caller.person.address, file) == "reader":
        raise Refused(403, "The caller does not have permission")
    if request.one("valueInputOption") != "RAW":
        raise Refused(400, "The stand-in takes RAW values alone.")
    area = cells.area(text, list(book.worksheets))
    sheet = book.worksheets[area.title or next(iter(book.worksheets))]
    for number, row in enumerate(request.json().get("values", []), start=area.top):
        sheet.rows += [[] for _ in range(number + 1 - len(sheet.rows))]
        kept = sheet.rows[number] + [None] * (area.left - len(sheet.rows[number]))
        sheet.rows[number] = kept[: area.left] + list(row) + kept[area.left + len(row) :]
    world.files.touch(file)
    return as_json({"spreadsheetId": file.id, "updatedRange": text})


def _find(world: World, caller: Caller, sheet_id: str) -> tuple[File, Spreadsheet]:
    caller.must_have(SERVICE, *SCOPES)
    file = world.files.by_id.get(sheet_id)
    if file is None:
        raise Refused(404, "Requested entity was not found.")
    is_wide = caller.has("spreadsheets", "spreadsheets.readonly", "drive", "drive.readonly")
    if not world.files.role(caller.person.address, file) or not (is_wide or caller.person.app in file.apps):
        raise Refused(403, "The caller does not have permission")
    if file.sheet is None:
        message = "This operation is not supported for this document"
        raise Refused(400, message, rpc_status="FAILED_PRECONDITION")
    return file, file.sheet


def _value_range(book: Spreadsheet, request: Request, text: str) -> dict[str, Any]:
    render = request.one("valueRenderOption", "FORMATTED_VALUE")
    dates = request.one("dateTimeRenderOption", "SERIAL_NUMBER")
    major = request.one("majorDimension", "ROWS")
    if render not in RENDER_OPTIONS or dates not in DATE_OPTIONS or major not in ("ROWS", "COLUMNS"):
        raise Refused(400, "Invalid value at 'value_render_option', 'date_time_render_option' or 'major_dimension'")
    area = cells.area(text, list(book.worksheets))
    shown = [name for name, sheet in book.worksheets.items() if not sheet.is_hidden]
    title = area.title if area.title is not None else shown[0]
    sheet = book.worksheets[title]
    rows, columns = sheet.size
    if area.top >= rows or area.left >= columns:
        raise Refused(400, f"Range ({text}) exceeds grid limits. Max rows: {rows}, max columns: {columns}")
    bottom, right = min(area.bottom or rows, rows), min(area.right or columns, columns)
    table = _cut(sheet, area.top, bottom, area.left, right)
    table = [[cells.rendered(cell, render, dates, book.locale) for cell in row] for row in table]
    if major == "COLUMNS":
        width = max((len(row) for row in table), default=0)
        table = [[row[i] if i < len(row) else "" for row in table] for i in range(width)]
    name = "'" + title.replace("'", "''") + "'" if not title.isalnum() else title
    span = f"{cells.letters(area.left)}{area.top + 1}:{cells.letters(right - 1)}{bottom}"
    answer: dict[str, Any] = {"range": f"{name}!{span}", "majorDimension": major}
    trimmed = _trimmed(table)
    return answer | ({"values": trimmed} if trimmed else {})


def _cut(sheet: Worksheet, top: int, bottom: int, left: int, right: int) -> list[list[Any]]:
    return [row[left:right] for row in sheet.rows[top:bottom]]


def _trimmed(table: list[list[Any]]) -> list[list[Any]]:
    """As the API does: no empty cells at a row's end, no empty rows at the table's."""
    rows = []
    for row in table:
        end = len(row)
        while end and row[end - 1] == "":
            end -= 1
        rows.append(row[:end])
    while rows and not rows[-1]:
        rows.pop()
    return rows
