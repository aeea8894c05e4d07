"""Reading a request strictly: what is ambiguous, endless or cannot be stored is refused before anybody acts on it."""

import json
import re
from math import isfinite
from typing import Any

from flask import Request, g
from marshmallow import ValidationError
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from chassis.errors import Invalid, Malformed, PreconditionRequired, Stale, UnsupportedMedia
from chassis.events import trace_in
from chassis.http.fields import UNKEEPABLE, UNKEEPABLE_TEXT
from chassis.http.messages import SAID, translated
from chassis.i18n import Sentence, language_of
from chassis.ids import new_id

LARGEST_BODY = 1024 * 1024
LARGEST_FILE = 10 * 1024 * 1024
WRAPPING = 64 * 1024  # what multipart adds to a file
DEEPEST = 32  # levels of nesting in a body
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")
TAG = re.compile(r'"(0|[1-9]\d{0,17})"')
CONTENT = {"json": "application/json", "form": "application/x-www-form-urlencoded", "files": "multipart/form-data"}
TWICE = Sentence("This is given more than once: give it once.", "此项重复出现，请只保留一个。")
UNKNOWN = Sentence(*SAID["Unknown field."])


class NotJson(Malformed):
    en = "The body is not JSON that can be read. Correct it and send it again."
    zh = "请求体不是可读取的 JSON，请更正后重新发送。"


class RepeatedName(Malformed):
    en = "The body names “{name}” twice in one object. Keep one of them."
    zh = "请求体的同一对象中「{name}」出现了两次，请只保留一个。"


class NotANumber(Malformed):
    en = "The body holds a number that is not finite or has too many digits. Correct it."
    zh = "请求体中有非有限或位数过多的数字，请更正。"


class TooDeep(Malformed):
    en = "The body is nested too deeply. Flatten it."
    zh = "请求体嵌套过深，请减少层级。"


# ── headers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def note(request: Request) -> None:
    """What the rest of the request needs from the headers: its id, the trace it belongs to, the reader's language."""
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else str(new_id())
    g.traceparent = trace_in(request.headers.get("traceparent"))
    g.language = language_of(request.headers.get("Accept-Language"))


def version_asked(request: Request) -> int | None:
    """The version in `If-Match`. PUT and PATCH must name one. Raises Stale for a tag that no version of ours has."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        if request.method in ("PUT", "PATCH"):
            raise PreconditionRequired()
        return None
    if given == "*":
        return None
    tag = TAG.fullmatch(given)
    if not tag:
        raise Stale()
    return int(tag[1])


# ── bodies and queries ───────────────────────────────────────────────────────────────────────────────────────────────


class StrictParser(FlaskParser):
    """webargs, but unknown parameters are refused, JSON is read strictly, and errors are our problems."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # the schema decides, and ours refuse

    def load_json(self, req, schema):
        require_content(req, "json")
        return read_json(req.get_data())

    def load_querystring(self, req, schema):
        return _single(super().load_querystring(req, schema))

    def load_form(self, req, schema):
        require_content(req, "form")
        return _single(super().load_form(req, schema))

    def load_files(self, req, schema):
        require_content(req, "files")
        if req.form:
            raise Invalid(errors={name[:100]: [UNKNOWN] for name in req.form})
        return super().load_files(req, schema)

    def handle_error(self, error: ValidationError, req, schema, *, error_status_code, error_headers):
        raise Invalid(errors=flat(error.normalized_messages()))


def _single(given: MultiDictProxy) -> dict[str, Any]:
    """A name given twice is ambiguous, unless it is a list's. A dict is asked for what is not there at a tenth of the cost."""
    twice = [name for name in given.data if len(given.data.getlist(name)) > 1 and name not in given.multiple_keys]
    if twice:
        raise Invalid(errors={name[:100]: [TWICE] for name in twice})
    return {name: given[name] for name in given.data}


def require_content(request: Request, location: str) -> None:
    """Compressed bodies are not taken: a small one may unpack into more than we would read."""
    if request.mimetype != CONTENT[location]:
        raise UnsupportedMedia(accepted=CONTENT[location])
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", ""):
        raise UnsupportedMedia(accepted=f"{CONTENT[location]}, Content-Encoding: identity")


def refuse_body(request: Request) -> None:
    """For a POST that takes no body: nothing, or an empty object."""
    if request.get_data():
        require_content(request, "json")
        body = read_json(request.get_data())
        if body != {}:
            raise Invalid(errors={name[:100]: [UNKNOWN] for name in (body if isinstance(body, dict) else ["body"])})


def refuse_query(request: Request) -> None:
    if request.args:
        raise Invalid(errors={name[:100]: [UNKNOWN] for name in request.args})


def flat(messages: dict, path: tuple = ()) -> dict[str, list[Sentence]]:
    """marshmallow's nested messages as {"parts.0.name": [sentences]}; the location they came from is not told."""
    found: dict[str, list[Sentence]] = {}
    for name, inner in messages.items():
        here = (*path, "" if name == "_schema" else str(name)[:100])
        if isinstance(inner, dict):
            found |= flat(inner, here)
        else:
            field = ".".join(part for part in here[1:] if part) or "body"
            found.setdefault(field, []).extend(translated(each) for each in inner)
    return found


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_json(body: bytes) -> Any:
    """Raises Malformed for what is not one unambiguous JSON text, Invalid for text that cannot be stored."""
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_once, parse_constant=_refuse, parse_int=_whole, parse_float=_finite
        )
    except RecursionError as error:
        raise TooDeep() from error
    except ValueError as error:
        raise NotJson() from error
    keepable(value)
    return value


def _once(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RepeatedName(name=UNKEEPABLE.sub("?", twice[:100]))
    return found


def _refuse(_constant: str):
    raise NotANumber()


def _whole(digits: str) -> int:
    if len(digits) > 19:
        raise NotANumber()
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise NotANumber()
    return number


def keepable(value: Any, path: str = "", depth: int = 0) -> None:
    """Every text at every depth, names included, can be stored; and the depth has an end."""
    if depth > DEEPEST:
        raise TooDeep()
    if isinstance(value, str):
        if UNKEEPABLE.search(value):
            raise Invalid(errors={path or "body": [UNKEEPABLE_TEXT]})
    elif isinstance(value, dict):
        for name, inner in value.items():
            keepable(name, path, depth)
            keepable(inner, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            keepable(inner, f"{path}.{number}" if path else str(number), depth + 1)
