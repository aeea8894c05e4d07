"""Tables to take away: CSV and XLSX, row by row however many there are, with headings in the reader's language.

A cell that a spreadsheet would take for a formula (`=1+1`, `@SUM`) stands behind an apostrophe in CSV, and is text in XLSX.
"""

import csv
import io
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter
from flask import Response
from sqlalchemy import Select

from chassis.errors import TooMany
from chassis.http.answers import runtime
from chassis.i18n import Sentence

AT_ONCE = 2  # of a process: each holds a database connection as long as its reader reads
ROWS = 500  # fetched and sent at a time
CHUNK = 64 * 1024
MOST_ROWS = 1_000_000  # of a sheet; a spreadsheet holds 1,048,576
MOST_LETTERS = 32_767  # of a cell
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
MARK = "\ufeff"  # by which Excel knows UTF-8
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
free = threading.Semaphore(AT_ONCE)


@dataclass(frozen=True)
class Column:
    """A heading, and what stands under it: text, a number, a local datetime, or None."""

    heading: Sentence
    value: Callable


def answer(work, statement: Select, columns: list[Column], *, kind: str, name: str) -> Response:
    """The rows of `statement` as a file, read by a cursor while it is sent, in a unit of work of its own.

    Whoever goes away frees the cursor. Raises TooMany when others are being read.
    """
    if not free.acquire(blocking=False):
        raise TooMany(seconds=30)
    context = {"permission": work.permission, "language": work.language, "correlation_id": work.correlation_id}
    rows = _rows(runtime(), work.actor, context, statement)
    made = {CSV: as_csv, XLSX: as_xlsx}[kind](columns, rows, work.language)
    suffix = "csv" if kind == CSV else "xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"'}
    return Response(Reading(made, rows), mimetype=kind, headers=headers)


class Reading:
    """Chunks of a file, one of them read ahead: with the last one, or when the reader goes away, cursor and place are free."""

    def __init__(self, chunks: Iterator[bytes], rows: Iterator):
        self.chunks, self.rows, self.over = chunks, rows, False
        self.ahead: bytes | None = b""

    def __iter__(self):
        return self

    def __next__(self) -> bytes:
        chunk, self.ahead = self.ahead, self._read()
        if chunk is None:
            raise StopIteration
        return chunk or next(self)

    def _read(self) -> bytes | None:
        try:
            return next(self.chunks)
        except StopIteration:
            self.close()
            return None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if not self.over:
            self.over = True
            self.chunks.close()
            self.rows.close()
            free.release()

    __del__ = close  # a place is lost with no answer that nobody read


def _rows(runtime, actor, context: dict, statement: Select) -> Iterator:
    by_cursor = statement.execution_options(yield_per=ROWS)
    with runtime.work(actor, **context) as work, closing(work.execute(by_cursor)) as found:
        yield from found


# ── as CSV ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_csv(columns: list[Column], rows: Iterable, language: str) -> Iterator[bytes]:
    written = io.StringIO()
    write = csv.writer(written).writerow
    written.write(MARK)
    write([column.heading.said_in(language) for column in columns])
    for number, row in enumerate(rows, 1):
        write([harmless(column.value(row)) for column in columns])
        if number % ROWS == 0:
            yield _taken(written)
    yield _taken(written)


def _taken(written: io.StringIO) -> bytes:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text.encode()


def harmless(value):
    """What a spreadsheet shows and does not carry out."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULAS) else value
    return value.isoformat(" ", "minutes") if isinstance(value, datetime) else value


# ── as XLSX ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def as_xlsx(columns: list[Column], rows: Iterable, language: str) -> Iterator[bytes]:
    """Rows go to a file as they come; its parts are put together at the end, and sent."""
    with tempfile.TemporaryFile() as file:
        with closing(xlsxwriter.Workbook(file, {"constant_memory": True})) as book:
            _fill(book, [column.heading.said_in(language) for column in columns], columns, rows)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _fill(book, headings: list[str], columns: list[Column], rows: Iterable) -> None:
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet = None
    for number, row in enumerate(rows):
        if number % MOST_ROWS == 0:
            sheet = _sheet(book, headings, bold)
        for at, column in enumerate(columns):
            _put(sheet, number % MOST_ROWS + 1, at, column.value(row), moment)
    if sheet is None:
        _sheet(book, headings, bold)


def _sheet(book, headings: list[str], bold):
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for at, heading in enumerate(headings):
        sheet.write_string(0, at, heading, bold)
    return sheet


def _put(sheet, row: int, at: int, value, moment) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(row, at, value, moment)
    elif isinstance(value, int | float):
        sheet.write_number(row, at, value)
    elif value is not None:
        sheet.write_string(row, at, str(value)[:MOST_LETTERS])
