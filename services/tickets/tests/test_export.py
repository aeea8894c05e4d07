"""Lists to take away: the same rows as the list shows, whatever their number, and nothing that a spreadsheet carries out."""

import csv
import io
import resource

import pytest
from python_calamine import CalamineWorkbook

from chassis import exports
from services.tickets.tests import many
from services.tickets.tests.factories import QY, Garden

ENGLISH = {"Accept-Language": "en"}


def as_csv(garden, who, q: str = "", **headers) -> list[dict]:
    answer = garden.tickets.client(who).get(f"/tickets/export.csv{q}", headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv"), answer.data
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def as_xlsx(garden, who, q: str = "", **headers) -> list[list]:
    answer = garden.tickets.client(who).get(f"/tickets/export.xlsx{q}", headers=headers)
    assert answer.status_code == 200, answer.data
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tickets.xlsx"'
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    return book.get_sheet_by_index(0).to_python()


def test_a_table_tells_what_people_want_to_know_in_the_readers_language(garden):
    done = garden.bring_to("completed", category="PLB", place="厨房", description="水管漏水")
    garden.do(garden.owner, done, "rating", {"score": 4})

    (row,) = as_csv(garden, garden.dispatcher)

    assert row["工单号"] == done["number"] and row["类型"] == "报修" and row["状态"] == "已完工"
    assert (row["小区"], row["房号"], row["位置"]) == ("HY-E-01", "3-2-0601", "厨房")
    assert (row["报告人"], row["处理人"], row["内容"]) == ("王秀英", "李师傅", "水管漏水")
    assert (row["处理结果"], row["评分"], row["事项"]) == ("换了阀芯", "4", done["title_zh"])
    assert row["报告时间"] == "2026-11-23 09:00"  # by the estate's clock
    (row,) = as_csv(garden, garden.dispatcher, **ENGLISH)
    assert (row["Number"], row["Kind"], row["State"]) == (done["number"], "repair", "completed")


def test_a_spreadsheet_holds_the_same(garden):
    for told in ("一", "二"):
        garden.report(description=told)

    headings, *rows = as_xlsx(garden, garden.dispatcher)

    assert headings == list(as_csv(garden, garden.dispatcher)[0])
    assert [row[headings.index("内容")] for row in rows] == ["二", "一"]
    assert str(rows[0][headings.index("报告时间")]) == "2026-11-23 09:00:00"


def test_nothing_found_is_a_table_of_headings(garden):
    assert as_csv(garden, garden.dispatcher) == [] and len(as_xlsx(garden, garden.dispatcher)) == 1


@pytest.mark.parametrize("told", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_carried_out(garden, told):
    garden.report(description=told)

    assert as_csv(garden, garden.dispatcher)[0]["内容"] == f"'{told}"
    headings, row = as_xlsx(garden, garden.dispatcher)
    assert row[headings.index("内容")].strip() == told.strip()


def test_a_table_holds_the_rows_of_the_list_and_no_others(garden):
    for n, who in enumerate((garden.owner, garden.neighbour, garden.owner)):
        garden.report(who, description=f"第{n}次漏水", kind="repair" if n else "complaint")
    other = Garden(garden.tickets, operator_id=QY, code="QY-E-01")
    other.report(description="漏水")

    def told(who, q=""):
        return [row["内容"] for row in as_csv(garden, who, q)]

    assert told(garden.dispatcher) == ["第2次漏水", "第1次漏水", "第0次漏水"]
    assert told(garden.dispatcher, "?kind=complaint") == ["第0次漏水"]
    assert told(garden.dispatcher, "?q=第1次&sort=filed_at") == ["第1次漏水"]
    assert told(garden.owner) == ["第2次漏水", "第0次漏水"]
    assert told(other.dispatcher) == ["漏水"]
    assert garden.tickets.client(garden.owner).get("/tickets/export.csv?colour=red").status_code == 422
    assert garden.tickets.client().get("/tickets/export.csv").status_code == 401


def test_rows_are_sent_as_they_are_read(garden, monkeypatch):
    monkeypatch.setattr(exports, "ROWS", 50)
    many.fill(garden, count=400, estates=1)
    answer = garden.tickets.client(garden.dispatcher).open("/tickets/export.csv", method="GET", buffered=False)

    chunks = list(answer.response)

    assert len(chunks) >= 400 / 50 and b"".join(chunks).count(b"\r\nM-") == 400


def test_whoever_goes_away_frees_the_cursor(garden, monkeypatch):
    monkeypatch.setattr(exports, "ROWS", 50)
    many.fill(garden, count=400, estates=1)
    for _ in range(exports.AT_ONCE + 1):
        answer = garden.tickets.client(garden.dispatcher).open("/tickets/export.csv", method="GET", buffered=False)
        next(iter(answer.response))
        assert reading(garden) == 1
        answer.close()
        assert reading(garden) == 0


def reading(garden) -> int:
    return garden.tickets.runtime.engine.pool.checkedout()


def test_only_a_few_read_at_once(garden, monkeypatch):
    monkeypatch.setattr(exports, "ROWS", 50)
    many.fill(garden, count=400, estates=1)
    client = garden.tickets.client(garden.dispatcher)
    answers = [client.open("/tickets/export.csv", method="GET", buffered=False) for _ in range(exports.AT_ONCE)]

    assert client.get("/tickets/export.csv").status_code == 429

    for answer in answers:
        answer.close()
    assert as_csv(garden, garden.dispatcher)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("csv", 100_000), ("xlsx", 20_000)])
def test_a_hundred_thousand_rows_take_no_more_memory_than_a_few(garden, kind, count):
    many.fill(garden, count=count, estates=1, words=False)
    client = garden.tickets.client(garden.dispatcher)
    assert client.get(f"/tickets/export.{kind}?category=none").data
    before, size = peak(), 0

    answer = client.open(f"/tickets/export.{kind}", method="GET", buffered=False)
    for chunk in answer.response:
        size += len(chunk)
    answer.close()

    assert size > count * 10 and peak() - before < 24_000, f"{peak() - before} kB more for {size} bytes"


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB, the most there ever was
