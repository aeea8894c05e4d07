"""The main flow through the front door, as a transcript: from an owner's report to the owner's rating.

It uses the address and the sign-ins of `.local/demo.json`, and nothing but the public API; `--base-url` plays it elsewhere.
"""

import argparse
import io
import json
import sys
import time
from pathlib import Path

import requests
from PIL import Image, ImageDraw

from deploy.local.words import pick

PATIENCE = 20  # seconds in which an event reaches whoever hears it


class Unexpected(SystemExit):
    """The platform answered otherwise than it promises."""


class Caller:
    """One person at the front door, signed in."""

    def __init__(self, base_url: str, account: dict, label: str):
        self.base_url, self.label = base_url.rstrip("/"), label
        self.http = requests.Session()
        self.http.headers["Accept-Language"] = pick("en", "zh-CN")
        self.sign_in(account)

    def sign_in(self, account: dict) -> None:
        form = {"grant_type": "password", "username": account["login"], "password": account["password"]}
        tokens = self.call("POST", "directory", "/token", data=form, expect=200, show=pick("signs in", "登录"))
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def get(self, service: str, path: str, expect: int = 200, show=None, **query):
        return self.call("GET", service, path, params=query, expect=expect, show=show)

    def post(self, service: str, path: str, body=None, expect: int = 200, show=None, **kwargs):
        sent = {"json": body} if body is not None else kwargs
        return self.call("POST", service, path, expect=expect, show=show, **sent)

    def call(self, method: str, service: str, path: str, *, expect: int, show=None, **kwargs):
        answer = self.http.request(method, f"{self.base_url}/api/{service}/v1{path}", timeout=30, **kwargs)
        body = answer.json() if answer.content else None
        if answer.status_code != expect:
            raise Unexpected(f"{method} {path}: {answer.status_code} instead of {expect}\n{answer.text}")
        if show:
            told = show(body) if callable(show) else show
            print(f"  {self.label:<14} {method:<4} {_short(service, path):<52} {answer.status_code}  {told}")
        return body


def _short(service: str, path: str) -> str:
    head, *rest = path.split("/")[1:]
    return f"/{service}/{head}" + "".join(f"/{piece[:8] + '…' if len(piece) == 36 else piece}" for piece in rest)


def say(en: str, zh: str) -> None:
    print(f"\n{pick(en, zh)}")


def photo(text: str) -> bytes:
    """A small JPEG, as a phone would send it."""
    image = Image.new("RGB", (640, 480), "#dfe7ea")
    ImageDraw.Draw(image).text((40, 220), text, fill="#20404a", font_size=40)
    kept = io.BytesIO()
    image.save(kept, "JPEG")
    return kept.getvalue()


def uploaded(caller: Caller, text: str) -> str:
    files = {"file": ("photo.jpg", photo(text), "image/jpeg")}
    return caller.post(
        "tickets", "/attachments", files=files, expect=201, show=lambda a: f"{a['media_type']} {a['bytes']} B"
    )["id"]


def state_of(ticket: dict) -> str:
    return f"{ticket['number']} {ticket['state']}"


def told(caller: Caller, ticket_id: str, template: str) -> dict:
    """The message about this ticket that notify makes of an event; it comes through RabbitMQ, so it is waited for."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        for message in caller.get("notify", "/messages", limit=50)["items"]:
            if message["about"]["id"] == ticket_id and template in message["template"]:
                waited = time.monotonic() - started
                print(f"  {caller.label:<14} {pick('is told', '收到'):<57} {waited:4.1f} s  {message['subject']}")
                return message
        time.sleep(0.2)
    raise Unexpected(f"no message {template} about {ticket_id} within {PATIENCE} s")


def play(demo: dict) -> None:
    accounts = demo["accounts"]
    callers = {role: Caller(demo["base_url"], accounts[role], role) for role in PEOPLE}
    owner, dispatcher, technician = callers["owner"], callers["dispatcher"], callers["technician"]

    ticket = file_repair(owner, accounts["owner"])
    file_for_a_caller(callers, accounts)
    review_and_dispatch(dispatcher, accounts["technician"], ticket)
    do_the_work(technician, ticket)
    rate(owner, ticket)
    show_record(dispatcher, ticket)
    stay_invisible(callers, ticket)
    print(f"\n{pick('The whole way, through', '全程经由')} {demo['base_url']}. {pick('Done.', '完成。')}")


PEOPLE = ("owner", "owner2", "service_desk", "dispatcher", "technician", "technician2", "qy_owner", "qy_manager")


def file_repair(owner: Caller, account: dict) -> str:
    say("1. An owner reports a leaking pipe, with a photo.", "1. 业主报修水管漏水，附照片。")
    report = {
        "kind": "repair",
        "estate_id": account["estate_id"],
        "unit_id": account["unit_id"],
        "category": "PLB",
        "problem": "漏水",
        "description": "厨房水槽下的水管接头漏水，已用盆接着。 The joint under the kitchen sink is leaking.",
        "urgency": "normal",
        "contact_phone": "13800000000",
        "attachment_ids": [uploaded(owner, "leak")],
    }
    key = {"Idempotency-Key": f"demo-{time.time_ns()}"}
    ticket = owner.post("tickets", "/tickets", json=report, headers=key, expect=201, show=state_of)
    again = owner.post(
        "tickets",
        "/tickets",
        json=report,
        headers=key,
        expect=201,
        show=pick("repeated: the same", "重复提交：同一工单"),
    )
    if again["id"] != ticket["id"]:
        raise Unexpected("a repeated Idempotency-Key made a second ticket")
    for due in ticket["dues"]:
        print(f"  {'':<14} {pick('due', '时限'):<57} {due['clock']} {due['due_at']}")
    told(owner, ticket["id"], "submitted")
    return ticket["id"]


def file_for_a_caller(callers: dict[str, Caller], accounts: dict) -> None:
    say("   The service desk files another for an owner who phoned 代报; the dispatcher asks, the owner answers.",
        "   客服为来电业主代报；派单员询问，业主补充。")  # fmt: skip
    desk, dispatcher, owner2 = callers["service_desk"], callers["dispatcher"], callers["owner2"]
    report = {
        "kind": "repair",
        "estate_id": accounts["owner2"]["estate_id"],
        "unit_id": accounts["owner2"]["unit_id"],
        "channel": "phone",
        "reporter_id": accounts["owner2"]["person_id"],
        "category": "ELC",
        "description": "客厅插座没电 A socket is dead",
    }
    ticket = desk.post("tickets", "/tickets", report, expect=201, show=state_of)["id"]
    question = {"decision": "ask", "reason": "哪个房间的插座？ Which room?"}
    dispatcher.post("tickets", f"/tickets/{ticket}/review", question, show=state_of)
    told(owner2, ticket, "asked")
    owner2.post("tickets", f"/tickets/{ticket}/answer", {"text": "客厅电视旁 Beside the television"}, show=state_of)
    dispatcher.post("tickets", f"/tickets/{ticket}/review", {"decision": "accept", "payer": "owner"}, show=state_of)


def review_and_dispatch(dispatcher: Caller, technician: dict, ticket: str) -> None:
    say(
        "2. A dispatcher accepts, looks at the ranked candidates, and dispatches.",
        "2. 派单员受理，查看推荐人选并派单。",
    )
    dispatcher.post("tickets", f"/tickets/{ticket}/review", {"decision": "accept", "payer": "owner"}, show=state_of)
    ranked = dispatcher.get(
        "tickets", f"/tickets/{ticket}/candidates", show=lambda page: f"{len(page['items'])} candidates"
    )
    for candidate in ranked["items"][:3]:
        print(f"  {'':<14} {json.dumps(candidate, ensure_ascii=False)}")
    dispatcher.post("tickets", f"/tickets/{ticket}/dispatch", {"technician_id": technician["person_id"]}, show=state_of)


def do_the_work(technician: Caller, ticket: str) -> None:
    say(
        "3. The technician finds it in their own list, starts, and completes it.",
        "3. 维修工在自己的列表中看到工单，开始并完工。",
    )
    told(technician, ticket, "dispatched")
    technician.get("tickets", "/tickets", mine="true", show=lambda page: f"{len(page['items'])} of mine")
    technician.post("tickets", f"/tickets/{ticket}/start", {}, show=state_of)
    completion = {
        "resolution": "更换角阀与密封圈 Replaced the valve and its seal",
        "cause": "密封圈老化 worn seal",
        "parts": [{"name": "角阀 valve", "quantity": 1, "price_fen": 6000}],
        "labour_minutes": 40,
        "attachment_ids": [uploaded(technician, "mended")],
    }
    technician.post("tickets", f"/tickets/{ticket}/completion", completion, show=state_of)


def rate(owner: Caller, ticket: str) -> None:
    say("4. The owner is told of each step, invited to rate, and rates.", "4. 业主逐步收到通知，受邀评价并评分。")
    for template in ("reviewed", "dispatched", "started", "completed"):
        told(owner, ticket, template)
    rating = {"score": 5, "aspects": {"speed": 5, "attitude": 5}, "comment": "很快就修好了 Mended in no time"}
    owner.post(
        "tickets",
        f"/tickets/{ticket}/rating",
        rating,
        show=lambda body: f"{state_of(body)} {body['ratings'][-1]['score']}/5",
    )


def show_record(dispatcher: Caller, ticket: str) -> None:
    say("5. The timeline: who, what, when, before → after.", "5. 时间线：谁、做了什么、何时、前后变化。")
    for moment in dispatcher.get("tickets", f"/tickets/{ticket}/timeline", limit=50)["items"]:
        print("  " + json.dumps(moment, ensure_ascii=False)[:230])


def stay_invisible(callers: dict[str, Caller], ticket: str) -> None:
    say("6. For everybody else it does not exist.", "6. 对其他人而言，该工单不存在。")
    for role in ("owner2", "qy_owner", "qy_manager"):
        callers[role].get("tickets", f"/tickets/{ticket}", expect=404, show=lambda body: body["detail"])
    forbidden = callers["technician2"].http
    answer = forbidden.post(
        f"{callers['technician2'].base_url}/api/tickets/v1/tickets/{ticket}/start", json={}, timeout=30
    )
    print(
        f"  {'technician2':<14} POST /tickets/tickets/…/start{'':<24} {answer.status_code}  {answer.json()['detail']}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--demo", type=Path, default=Path(".local/demo.json"), help="the file that `make up` wrote")
    parser.add_argument("--base-url", help="another address than the file's")
    given = parser.parse_args()
    if not given.demo.exists():
        sys.exit(pick("Nothing runs here yet: `make up` first.", "尚未启动：请先运行 make up。"))
    demo = json.loads(given.demo.read_text())
    play(demo | ({"base_url": given.base_url} if given.base_url else {}))


if __name__ == "__main__":
    main()
