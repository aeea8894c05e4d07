"""Firms from outside: who registers and sends them, and the one job that a link opens."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import text

from chassis.ids import new_id
from services.tickets.tests import factories

FIRM = {"name": "永安电梯维保", "skills": ["lift"], "phone": "13911112222", "email": "repair@lifts.example"}


def register(garden, who=None, *, expect=201, **facts) -> dict:
    body = {**FIRM, "estate_ids": [str(garden.estate_id)], **facts}
    answer = garden.tickets.client(who or garden.manager).post("/contractors", body)
    assert answer.status_code == expect, answer.json
    return answer.json


@pytest.fixture
def firm(garden) -> dict:
    return register(garden)


def contract(garden, firm, ticket=None, *, expect=201, **facts) -> dict:
    ticket = ticket or garden.bring_to("accepted", contact_phone="13812345678")
    return garden.do(garden.dispatcher, ticket, "contract", {"contractor_id": firm["id"], **facts}, expect=expect)


class Guest:
    """Somebody with a link and no account."""

    def __init__(self, garden, token: str):
        self.client = garden.tickets.client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path="/job", expect=200):
        answer = self.client.get(path, headers=self.headers)
        assert answer.status_code == expect, answer.text
        return answer.json

    def post(self, act, body=None, expect=200):
        answer = self.client.post(f"/job/{act}", body or {}, headers=self.headers)
        assert answer.status_code == expect, answer.text
        return answer.json

    def upload(self, expect=201):
        picture = BytesIO()
        Image.new("RGB", (8, 8)).save(picture, "JPEG")
        picture.seek(0)
        answer = self.client.post("/job/attachments", data={"file": (picture, "a.jpg")}, headers=self.headers)
        assert answer.status_code == expect, answer.text
        return answer.json


@pytest.fixture
def sent(garden, firm) -> dict:
    return contract(garden, firm)


@pytest.fixture
def guest(garden, sent) -> Guest:
    return Guest(garden, sent["token"])


# ── the firms ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_manager_registers_a_firm_whose_phone_and_mail_are_sealed_and_masked(garden):
    firm = register(garden)

    assert (firm["phone"], firm["email"]) == ("139****2222", "r***@lifts.example")
    with garden.tickets.work() as work:
        kept = work.execute(text("SELECT phone, email FROM contractor")).one()
        audited = work.scalar(text("SELECT string_agg(changes::text, '') FROM audit"))
    told = f"{kept}{audited}{[each.to_dict() for each in garden.tickets.said()]}"
    assert not any(private in told for private in ("13911112222", "lifts.example", "永安"))


def test_only_managers_register_and_only_for_their_own_estates(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    both = [str(garden.estate_id), str(elsewhere.estate_id)]

    register(garden, garden.dispatcher, expect=403)
    register(garden, estate_ids=both, expect=422)
    register(garden, estate_ids=[str(new_id())], expect=422)
    register(garden, garden.staff("head_office", scope="operator"), estate_ids=both)


def test_a_firm_is_known_in_its_estates_and_changed_by_who_manages_them_all(garden, firm):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    head = garden.staff("head_office", scope="operator")
    both = {**FIRM, "estate_ids": [str(garden.estate_id), str(elsewhere.estate_id)]}
    path = f"/contractors/{firm['id']}"

    def change(who, version):
        return garden.tickets.client(who).put(path, both, headers={"If-Match": f'"{version}"'}).status_code

    assert garden.tickets.client(elsewhere.manager).get(path).status_code == 404
    assert garden.tickets.client(elsewhere.manager).get("/contractors").json["items"] == []
    assert change(head, 1) == 200
    assert garden.tickets.client(elsewhere.manager).get(path).status_code == 200
    assert (change(elsewhere.manager, 2), change(head, 1)) == (403, 412)
    listed = garden.tickets.client(garden.dispatcher).get(f"/contractors?estate_id={garden.estate_id}").json["items"]
    assert [each["id"] for each in listed] == [firm["id"]]
    assert len(garden.tickets.said("tickets.contractor.changed.v1")) == 1


# ── sending one ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_firm_is_sent_with_a_link_that_is_shown_once_and_kept_nowhere(garden, firm):
    sent = contract(garden, firm)

    assert (sent["ticket"]["state"], sent["ticket"]["contractor"]["name"]) == ("dispatched", "永安电梯维保")
    assert sent["link"].endswith(f"/job#{sent['token']}") and len(sent["token"]) == 43
    with garden.tickets.work() as work:
        rows = "".join(
            work.scalar(text(f"SELECT coalesce(string_agg(t::text, ''), '') FROM {table} AS t"))
            for table in ("assignment", "ticket", "audit", "outbox")
        )
    assert sent["token"] not in rows
    assert garden.tickets.said("tickets.ticket.dispatched.v1")[-1].data["contractor_id"] == firm["id"]


@pytest.mark.parametrize("change", [{"active": False}, {"elsewhere": True}], ids=["not active", "of another estate"])
def test_a_firm_that_may_not_work_here_is_not_sent(garden, change):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    where = elsewhere if change.pop("elsewhere", False) else garden

    refused = contract(garden, register(where, where.manager, **change), expect=422)

    assert list(refused["errors"]) == ["contractor_id"]


def test_of_two_who_send_at_once_the_second_is_told_which_firm_has_it(garden, sent):
    refused = garden.do(
        garden.dispatcher, sent["ticket"], "dispatch", {"technician_id": str(garden.technician.id)}, expect=409
    )

    assert "永安电梯维保" in refused["detail"]


def test_no_technician_starts_or_finishes_a_firms_job(garden, sent):
    garden.do(garden.technician, sent["ticket"], "start", expect=403)
    garden.do(garden.technician, sent["ticket"], "completion", {"resolution": "好了"}, expect=403)


# ── what the link opens ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_shows_what_the_work_needs_and_whom_to_call_only_once_accepted(garden, sent, guest):
    before = guest.get()
    after = guest.post("acceptance")

    assert (before["number"], before["unit"], before["description"]) == (
        sent["ticket"]["number"],
        "3-2-0601",
        "厨房水管漏水",
    )
    assert (before["contact"], before["taken_on_at"]) == (None, None)
    assert after["contact"] == {"name": "王秀英", "phone": "13812345678"}
    assert not {"reporter_id", "reporter", "assignee", "ratings", "id", "filed_by"} & set(after)
    assert guest.get()["contact"] == after["contact"]


def test_a_firm_accepts_starts_and_finishes_with_parts_and_photos_and_the_record_names_it(garden, sent, guest):
    guest.post("start", expect=409)
    guest.post("acceptance")
    guest.post("acceptance")
    assert guest.post("start")["state"] == "started"
    photo = guest.upload()
    parts = [{"name": "门机皮带", "quantity": 1, "price_fen": 12000}]
    guest.post("completion", {"resolution": "换皮带", "parts": parts, "attachment_ids": [photo["id"]]}, expect=204)

    client = garden.tickets.client(garden.dispatcher)
    ticket = client.get(f"/tickets/{sent['ticket']['id']}").json
    moments = client.get(f"/tickets/{ticket['id']}/timeline").json["items"]
    theirs = [each["action"] for each in moments if each["actor"]["name"] == "永安电梯维保"]
    assert (ticket["state"], ticket["parts"][0]["price_fen"]) == ("completed", 12000)
    assert [each.split(".")[2] for each in theirs if ".ticket." in each] == ["taken_on", "started", "completed"]
    assert len(client.get(f"/tickets/{ticket['id']}/attachments").json["completion"]) == 1
    assert garden.do(garden.owner, ticket, "rating", {"score": 4})["ratings"][0]["score"] == 4


def test_a_firm_that_declines_leaves_the_ticket_to_be_sent_anew(garden, sent, guest):
    guest.post("refusal", {"reason": "排期已满"}, expect=204)

    ticket = garden.tickets.client(garden.dispatcher).get(f"/tickets/{sent['ticket']['id']}").json
    assert (ticket["state"], ticket["contractor_id"], ticket["returned"]) == ("accepted", None, 1)
    guest.get(expect=401)


# ── and nothing else ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_opens_no_other_route(garden, sent, guest):
    routes = [
        (rule.rule, method)
        for rule in garden.tickets.app.url_map.iter_rules()
        for method in rule.methods & {"GET", "POST", "PUT", "DELETE"}
    ]
    asked = 0
    for rule, method in routes:
        if not rule.startswith("/api/tickets/v1/") or "/v1/job" in rule or rule.endswith(("openapi.json", "/content")):
            continue
        path = rule
        for name, id in (("ticket_id", sent["ticket"]["id"]), ("estate_id", garden.estate_id)):
            path = path.replace(f"<uuid:{name}>", str(id))
        path = (
            path.replace("<uuid:contractor_id>", sent["ticket"]["contractor_id"]).replace("<uuid:", "").replace(">", "")
        )
        if path == rule and "<" in rule:
            continue
        asked += 1
        answer = guest.client.open(path, method=method, headers=guest.headers)
        assert answer.status_code in (401, 404), f"{method} {path}: {answer.status_code}"
    assert asked > 30


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\u00e9" * 43])
def test_a_made_up_link_opens_nothing(garden, sent, token):
    del sent
    Guest(garden, token).get(expect=401)


def test_a_signed_in_persons_token_is_no_link(garden, sent):
    del sent
    assert garden.tickets.client(garden.manager).get("/job").status_code == 401


@pytest.mark.parametrize("end", ["expired", "renewed", "revoked", "sent to another", "cancelled", "completed"])
def test_a_link_dies(garden, sent, guest, end):
    guest.get()
    ticket, client = sent["ticket"], garden.tickets.client(garden.dispatcher)
    if end == "expired":
        garden.tickets.clock.advance(days=14)
    elif end == "renewed":
        renewed = garden.do(garden.dispatcher, ticket, "contract-link", {"days": 3}, expect=201)
        Guest(garden, renewed["token"]).get()
    elif end == "revoked":
        assert client.post(f"/tickets/{ticket['id']}/contract-link/revocation").status_code == 204
    elif end == "sent to another":
        body = {"technician_id": str(garden.technician.id), "reason": "不来"}
        assert garden.do(garden.dispatcher, ticket, "transfer", body)["contractor"] is None
    elif end == "cancelled":
        garden.do(garden.owner, ticket, "cancellation", {"reason": "好了"})
    else:
        guest.post("acceptance")
        guest.post("start")
        guest.post("completion", {"resolution": "好了"}, expect=204)

    guest.get(expect=401)
    guest.post("acceptance", expect=401)
    guest.upload(expect=401)


def test_a_reopened_ticket_does_not_wake_the_old_link(garden, firm, sent, guest):
    for act, body, expect in (("acceptance", {}, 200), ("start", {}, 200), ("completion", {"resolution": "好了"}, 204)):
        guest.post(act, body, expect=expect)
    reopened = garden.do(garden.owner, sent["ticket"], "reopening", {"reason": "又坏了"})
    assert reopened["contractor_id"] is None

    again = contract(garden, firm, reopened)

    guest.get(expect=401)
    Guest(garden, again["token"]).get()


def test_of_two_completions_by_one_link_at_once_one_counts(garden, sent, guest):
    guest.post("acceptance")
    guest.post("start")

    def finish(_):
        mine = Guest(garden, sent["token"])
        return mine.client.post("/job/completion", {"resolution": "好了"}, headers=mine.headers).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(finish, range(2))) == [204, 401]


def test_a_firm_sees_only_its_own_ticket_whatever_its_other_links(garden, firm, sent, guest):
    other = contract(garden, firm, garden.bring_to("accepted", description="客厅灯不亮"))

    assert guest.get()["number"] == sent["ticket"]["number"]
    assert Guest(garden, other["token"]).get()["number"] == other["ticket"]["number"]


def test_a_link_is_renewed_only_for_who_has_the_ticket(garden, sent):
    ticket = garden.bring_to("dispatched")

    garden.do(garden.dispatcher, ticket, "contract-link", expect=409)
    garden.do(garden.technician, sent["ticket"], "contract-link", expect=403)
    expires = garden.do(garden.dispatcher, sent["ticket"], "contract-link", {"days": 2}, expect=201)["expires_at"]
    assert expires == (garden.tickets.clock.now() + timedelta(days=2)).isoformat().replace("+00:00", "Z")
