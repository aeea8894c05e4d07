"""Every error becomes an RFC 9457 problem document, in the reader's language; never a page, never a stack trace."""

import re

import orjson
import structlog
from flask import Flask, Response, g, has_request_context, request
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from chassis.errors import Conflict, Invalid, NotFound, Problem, TooLarge, Unauthorized, Unavailable
from chassis.http.messages import translated
from chassis.i18n import CHINESE, ENGLISH
from chassis.ids import new_id

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: ("Malformed request", "请求有误"),
    401: ("Sign-in needed", "需要登录"),
    403: ("Not allowed", "无权操作"),
    404: ("Not found", "未找到"),
    405: ("Method not allowed", "不支持此方法"),
    406: ("Not acceptable", "无法按要求的格式回答"),
    409: ("Conflict", "状态冲突"),
    412: ("Changed meanwhile", "内容已变更"),
    413: ("Too large", "内容过大"),
    415: ("Unsupported content", "内容类型不支持"),
    422: ("Fields refused", "内容不符合要求"),
    428: ("Version needed", "须注明版本"),
    429: ("Too many requests", "操作过于频繁"),
    500: ("Our error", "系统错误"),
    503: ("Not available just now", "暂时无法服务"),
}


class NotUnderstood(Problem):
    """Any refusal of the HTTP library that has no class of its own."""

    status = 400
    en = "The request cannot be understood. Correct it and send it again."
    zh = "请求无法理解，请更正后重新发送。"


class MethodNotAllowed(Problem):
    status = 405
    en = "This address does not know that method; see `Allow` for those it knows."
    zh = "此地址不支持该方法，可用方法见 Allow。"


class OutOfRange(Invalid):
    en = "A value is larger than can be stored; give a smaller one."
    zh = "有数值超出可保存的范围，请减小后再提交。"


class AlreadyThere(Conflict):
    en = "This clashes with something that is already there; reload and try again."
    zh = "与已有内容重复或冲突，请刷新后再试。"


class ChangedMeanwhile(Conflict):
    en = "Somebody else changed this at the same moment; reload and try again."
    zh = "他人刚刚修改了同一内容，请刷新后再试。"


def register(app: Flask) -> None:
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _from_werkzeug)
    app.register_error_handler(Exception, _from_within)


def answer(problem: Problem) -> Response:
    """The document, with the headers its status asks for."""
    language = g.get("language", CHINESE) if has_request_context() else CHINESE
    response = Response(orjson.dumps(document(problem, language)), problem.status, mimetype=MEDIA_TYPE)
    response.headers["Content-Language"] = language
    if problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def document(problem: Problem, language: str) -> dict:
    """`instance` is the request id, by which the log is searched."""
    title = TITLES.get(problem.status, ("Refused", "请求被拒绝"))
    said = {
        "type": f"urn:linli:problem:{_dashed(type(problem).__name__)}",
        "title": title[0] if language == ENGLISH else title[1],
        "status": problem.status,
        "detail": problem.sentence(language),
        "instance": g.get("request_id") if has_request_context() else str(new_id()),
    }
    if problem.errors:
        said["errors"] = {
            field: [translated(each).said_in(language) for each in sentences]
            for field, sentences in problem.errors.items()
        }
    return said


def _dashed(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _from_werkzeug(error: HTTPException) -> Response:
    """Keeps the library's status and headers (`Allow`), and says it our way."""
    problem = _ours(error)
    problem.status = error.code or 500
    response = answer(problem)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _ours(error: HTTPException) -> Problem:
    if isinstance(error, RequestEntityTooLarge):
        return TooLarge(limit=f"{(request.max_content_length or 0) // 2**20} MB")
    known = {404: NotFound, 405: MethodNotAllowed, 401: Unauthorized, 500: Problem, 503: Unavailable}
    return known.get(error.code, NotUnderstood)()


def _from_within(error: Exception) -> Response:
    """What no handler expected. The database's refusals have their meanings; the rest is ours, and logged."""
    problem = _from_database(error)
    if problem is None:
        log.exception("http.unhandled")
        problem = Problem()
    else:
        log.warning("http.database", **_told(error))
    return answer(problem)


def _told(error: Exception) -> dict:
    """For the log: what PostgreSQL refused, without the values it was about."""
    cause = getattr(error, "orig", None) or error
    about = getattr(cause, "diag", None)
    return {"error": type(cause).__name__, "constraint": about and about.constraint_name}


def _from_database(error: Exception) -> Problem | None:
    match error:
        case OperationalError() | InterfaceError() | PoolTimeout():
            return Unavailable()
        case DataError():
            return OutOfRange()
        case IntegrityError():
            return AlreadyThere()
        case StaleDataError():
            return ChangedMeanwhile()
        case ProgrammingError() if "row-level security" in str(error.orig):
            return NotFound()  # an estate out of the caller's reach does not exist
    return None
