"""Looking for tickets by words: what finds them, who finds them by what, and by which way the database goes."""

import pytest
from sqlalchemy import event, text

from services.tickets import reactions
from services.tickets.tests import many
from services.tickets.tests.factories import HY, QY, Garden


def found(garden, who, q: str, **more) -> list[str]:
    """The descriptions of what the person's list shows for these words."""
    answer = garden.tickets.client(who).get("/tickets", query_string={"q": q, "limit": 200, **more})
    assert answer.status_code == 200, answer.json
    numbered = [each["id"] for each in answer.json["items"]]
    return [garden.tickets.client(who).get(f"/tickets/{id}").json["description"] for id in numbered]


LEAK = "厨房水槽下的水管漏水，已用盆接着"
TAP = "The kitchen tap is leaking since Monday"
LIFT = "3号楼电梯停在５楼，WiFi 也没有"


@pytest.fixture
def three(garden):
    for told in (LEAK, TAP, LIFT):
        garden.report(description=told)
    return garden


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("漏水", [LEAK]),
        ("水", [LEAK]),
        ("着", [LEAK]),
        ("水管漏水", [LEAK]),
        ("漏水 厨房", [LEAK]),
        ("漏管", []),
        ("水管厨房", []),
        ("KITCHEN leak", [TAP]),
        ("leak tap", [TAP]),
        ("itchen", []),
        ('"kitchen tap"', [TAP]),
        ('"tap kitchen"', []),
        ('"kitchen ta"', []),
        ("5楼", [LIFT]),
        ("３号楼", [LIFT]),
        ("楼wifi", [LIFT]),
        ("没有 wi", [LIFT]),
        ("漏水 电梯", []),
        ("！？", []),
    ],
)
def test_words_are_found_in_any_order_by_their_beginning_and_chinese_ones_anywhere(three, q, expected):
    assert found(three, three.dispatcher, q) == expected


def test_a_report_is_found_by_its_number_or_the_beginning_of_it(garden):
    first, second = garden.report(description="一"), garden.report(description="二")

    assert found(garden, garden.dispatcher, second["number"]) == ["二"]
    assert found(garden, garden.dispatcher, first["number"][:-1]) == ["二", "一"]
    assert found(garden, garden.dispatcher, first["number"][-6:]) == ["一"]


def test_a_report_is_found_by_everything_that_was_written_on_it(garden):
    ticket = garden.report(description="有问题", place="三号楼大堂", unit_id=str(garden.home))
    garden.do(garden.dispatcher, ticket, "review", {"decision": "ask", "reason": "哪个房间"})
    garden.do(garden.owner, ticket, "answer", {"text": "主卧卫生间"})
    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": "common"})
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    garden.do(garden.technician, ticket, "start")
    garden.do(garden.technician, ticket, "completion", {"resolution": "更换角阀"})
    garden.do(garden.owner, ticket, "comments", {"text": "谢谢师傅"}, expect=201)
    garden.do(garden.owner, ticket, "rating", {"score": 5, "comment": "非常及时"})

    for q in ("大堂", "3-2-0601", "哪个房间", "主卧", "角阀", "师傅", "及时", "主卧 角阀 师傅"):
        assert found(garden, garden.owner, q) == ["有问题"], q


def test_names_and_internal_comments_find_a_report_for_staff_alone(garden):
    ticket = garden.report(description="有问题")
    garden.do(garden.dispatcher, ticket, "comments", {"text": "他总是催", "internal": True}, expect=201)

    for q in ("王秀英", "总是催"):
        assert found(garden, garden.dispatcher, q) == ["有问题"]
        assert found(garden, garden.dispatcher, q, estate_id=garden.estate_id) == ["有问题"]
        assert found(garden, garden.owner, q) == []


def test_whoever_is_renamed_and_what_is_recoded_is_found_by_the_new_words(garden):
    garden.report(description="有问题", unit_id=str(garden.home))
    garden.hear(
        reactions.PersonFacts(person_id=garden.owner.id, name="李晓明"), estate_id=None, of=garden.owner.id, sequence=2
    )
    garden.hear(
        reactions.UnitFacts(unit_id=garden.home, estate_id=garden.estate_id, code="9-1-1801"),
        of=garden.home,
        sequence=2,
    )

    assert found(garden, garden.dispatcher, "李晓明 9-1-1801") == ["有问题"]
    assert found(garden, garden.dispatcher, "王秀英") == found(garden, garden.dispatcher, "3-2-0601") == []


def test_nobody_finds_what_they_may_not_see(garden):
    garden.report(description="漏水", unit_id=str(garden.home))
    other_estate = Garden(garden.tickets, operator_id=HY, code="HY-E-02")
    other_operator = Garden(garden.tickets, operator_id=QY, code="QY-E-01")

    assert found(garden, garden.dispatcher, "漏水") == found(garden, garden.owner, "漏水") == ["漏水"]
    for stranger in (garden.neighbour, other_estate.dispatcher, other_operator.manager):
        assert found(garden, stranger, "漏水") == found(garden, stranger, "漏水", estate_id=garden.estate_id) == []


def test_nobody_but_the_database_writes_words(garden):
    garden.report()
    with garden.tickets.work(garden.dispatcher) as work, pytest.raises(Exception, match="permission denied"):
        work.execute(text("UPDATE words SET told = ''"))


def test_the_longest_texts_and_many_comments_are_kept(garden):
    ticket = garden.report(description="".join(chr(0x4E00 + n) for n in range(4000)))
    for n in range(12):
        garden.do(garden.owner, ticket, "comments", {"text": f"第{n}条" + "字" * 1900}, expect=201)

    assert len(found(garden, garden.dispatcher, "第11条")) == 1


# ── by which way ─────────────────────────────────────────────────────────────────────────────────────────────────────


def plan_of(garden, who, holding: str = "words_query", **query) -> str:
    """How the database answers the list's own statement, as the app role under its policies."""
    told = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "FROM ticket" in statement and holding in statement:
            told.append((statement, parameters))

    event.listen(garden.tickets.runtime.engine, "before_cursor_execute", note)
    try:
        garden.tickets.client(who).get("/tickets", query_string=query)
    finally:
        event.remove(garden.tickets.runtime.engine, "before_cursor_execute", note)
    with garden.tickets.work(who) as work:
        statement, parameters = told[0]
        explained = work.session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return "\n".join(explained.scalars())


def test_rare_words_are_found_by_the_index_and_common_ones_in_the_order_of_the_list(garden):
    many.fill(garden, count=20_000)
    head_office = garden.staff("head_office", scope="operator")

    for who, narrowed in ((garden.dispatcher, {}), (head_office, {"estate_id": garden.estate_id}), (head_office, {})):
        rare = plan_of(garden, who, q="锈蚀", **narrowed)
        assert "words_told" in rare and "Seq Scan on words" not in rare, rare
    assert "_operator" in plan_of(garden, head_office, q="漏水")
    assert "_number" in plan_of(garden, head_office, "^@", q="M-1999")
