"""Ask all services at once: how they are, and what they offer. One that does not answer delays nobody for long."""

from concurrent.futures import ThreadPoolExecutor

import requests

LACKING, DEGRADED = "lacking", "degraded"  # the words that services use of themselves
CONNECT_AND_READ = (1, 2)  # seconds


def ask_all(services: dict[str, str], path: str) -> dict[str, requests.Response | None]:
    """The answer of each service at `path` (in which {service} is its name), or None where there is none."""
    if not services:
        return {}
    with ThreadPoolExecutor(len(services)) as crowd:
        urls = [f"http://{upstream}{path.format(service=name)}" for name, upstream in services.items()]
        return dict(zip(services, crowd.map(_answer, urls), strict=True))


def _answer(url: str) -> requests.Response | None:
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the machine has no business between us and the services
        try:
            return session.get(url, timeout=CONNECT_AND_READ)
        except requests.RequestException:
            return None


def body_of(answer: requests.Response | None) -> dict:
    """Its JSON object; nothing when it gave none."""
    try:
        body = answer.json() if answer is not None else {}
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def health(services: dict[str, str]) -> tuple[dict, int]:
    """The health of all → a JSON body naming each service and what it lacks, and its status.

    503 where a service cannot answer people; 200 where all do, though effects may come later (`degraded`).
    """
    found = {name: _state(name, answer) for name, answer in ask_all(services, "/healthz").items()}
    said = {state["status"] for state in found.values()}
    worst = LACKING if said - {"ok", DEGRADED} else DEGRADED if DEGRADED in said else "ok"
    return {"status": worst, "services": found}, 503 if worst == LACKING else 200


def _state(name: str, answer: requests.Response | None) -> dict:
    body = body_of(answer)
    if "status" not in body or "lacks" not in body:
        return {"service": name, "status": LACKING, "lacks": ["web"]}
    return body if answer.ok else body | {"status": LACKING}


def specifications(services: dict[str, str]) -> dict[str, dict]:
    """The OpenAPI document of each service; empty for one that does not answer."""
    answers = ask_all(services, "/api/{service}/v1/openapi.json")
    return {name: body_of(answer) if answer is not None and answer.ok else {} for name, answer in answers.items()}
