"""A mail server and a text message provider for rehearsals: they speak the real protocols and keep what they receive.

    python -m services.notify.simulators smtp --port 2525 --keep .local/mail
    python -m services.notify.simulators sms  --port 2580 --keep .local/sms      (the shared secret in SMS_SECRET)

Mail is kept as one `.eml` file a letter, text messages as lines of `messages.ndjson`. The provider verifies signatures, refuses a
nonce it has seen, knows a repeated key, and sends signed receipts. `POST /trouble {"status": 503, "times": 2}` makes it fail.
"""

import argparse
import os
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import orjson
import requests
from aiosmtpd.controller import Controller

from chassis.settings import load_environment
from services.notify.channels import SIGNED_WITHIN, is_signed, signed

RECEIPT_WAITS = (0, 1, 5, 30)  # seconds before each try to hand over a receipt
HERE = "127.0.0.1"


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Mailbox:
    """aiosmtpd's handler: each letter becomes a file, whole or not at all. It can be told to answer otherwise."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.trouble: list[str] = []  # answers to give instead, one a letter

    async def handle_DATA(self, _server, _session, envelope) -> str:
        if self.trouble:
            return self.trouble.pop(0)
        name = f"{time.time_ns()}-{uuid4().hex[:8]}"
        draft = self.folder / f".{name}"
        draft.write_bytes(envelope.content)
        draft.rename(self.folder / f"{name}.eml")
        return "250 kept"


def mail_server(port: int, folder: Path, host: str = HERE) -> Controller:
    return Controller(Mailbox(folder), hostname=host, port=port, enable_SMTPUTF8=True)


# ── text messages ────────────────────────────────────────────────────────────────────────────────────────────────


class Provider(ThreadingHTTPServer):
    """A text message provider."""

    daemon_threads = True

    def __init__(self, port: int, folder: Path, secret: str, host: str = HERE):
        super().__init__((host, port), Door)
        folder.mkdir(parents=True, exist_ok=True)
        self.kept = folder / "messages.ndjson"
        self.secret = secret
        self.lock = threading.Lock()
        self.nonces: dict[str, float] = {}
        self.ids = {line["key"]: line["id"] for line in self.messages()}
        self.trouble: list[int] = []
        self.receipts: queue.Queue = queue.Queue()
        threading.Thread(target=self._hand_over, daemon=True).start()

    def messages(self) -> list[dict]:
        return [orjson.loads(line) for line in self.kept.read_bytes().splitlines()] if self.kept.exists() else []

    def fresh(self, nonce: str) -> bool:
        """Whether the nonce is seen for the first time; older than a signature may be, it is forgotten."""
        now = time.time()
        with self.lock:
            self.nonces = {seen: at for seen, at in self.nonces.items() if now - at <= 2 * SIGNED_WITHIN}
            return self.nonces.setdefault(nonce, now) == now

    def take(self, message: dict) -> tuple[int, str]:
        """Keep a message, once for each key. → (202 new or 200 known, id)"""
        with self.lock:
            if message["key"] in self.ids:
                return 200, self.ids[message["key"]]
            id = uuid4().hex
            with self.kept.open("ab") as file:
                file.write(orjson.dumps({**message, "id": id, "at": time.time()}) + b"\n")
            self.ids[message["key"]] = id
        if message.get("callback"):
            self.receipts.put((message, id))
        return 202, id

    def _hand_over(self) -> None:
        with requests.Session() as http:
            http.trust_env = False
            while True:
                self._tell(http, *self.receipts.get())
                self.receipts.task_done()

    def _tell(self, http, message: dict, id: str) -> None:
        """A number ending in 0000 is switched off for good."""
        receipt = {"id": id, "key": message["key"], "reference": message["reference"], "state": "delivered"}
        if message["to"].endswith("0000"):
            receipt |= {"state": "failed", "reason": "the phone is switched off"}
        body = orjson.dumps(receipt)
        for wait in RECEIPT_WAITS:
            time.sleep(wait)
            headers = {"Content-Type": "application/json", **signed(self.secret, body)}
            try:
                if http.post(message["callback"], data=body, headers=headers, timeout=5).ok:
                    return
            except requests.RequestException:
                continue


class Door(BaseHTTPRequestHandler):
    """The provider's HTTP door."""

    protocol_version = "HTTP/1.1"
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/trouble":
            asked = orjson.loads(body)
            self.server.trouble = [asked["status"]] * asked["times"]
            return self._answer(200, {})
        if self.path != "/messages":
            return self._answer(404, {"error": "nothing here"})
        self._answer(*self._judge(body))

    def _judge(self, body: bytes) -> tuple[int, dict]:
        if self.server.trouble:
            return self.server.trouble.pop(0), {"error": "trouble as asked for"}
        if not is_signed(self.server.secret, body, self.headers, time.time()):
            return 401, {"error": "signature"}
        if not self.server.fresh(self.headers["X-Sms-Nonce"]):
            return 401, {"error": "nonce seen before"}
        message = orjson.loads(body)
        if not message["to"].lstrip("+").isdecimal() or not message["text"]:
            return 422, {"error": "to or text"}
        status, id = self.server.take(message)
        return status, {"id": id}

    def _answer(self, status: int, said: dict) -> None:
        body = orjson.dumps(said)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        """What arrives is kept, not logged."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m services.notify.simulators")
    parser.add_argument("kind", choices=["smtp", "sms"])
    parser.add_argument("--host", default=HERE, help="0.0.0.0 in a container")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    asked = parser.parse_args()
    load_environment(asked.kind)
    if asked.kind == "sms":
        return Provider(asked.port, asked.keep, os.environ["SMS_SECRET"], asked.host).serve_forever()
    mail_server(asked.port, asked.keep, asked.host).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
