"""What can be wrong, said so that the reader knows what to do next. The doors turn these into RFC 9457 documents."""

from typing import ClassVar


class Problem(Exception):
    """A refusal with a status and one sentence in each language; `facts` fill the sentence's {places}."""

    status: ClassVar[int] = 500
    en: ClassVar[str] = "Something went wrong on our side; try again, and give the request id if it persists."
    zh: ClassVar[str] = "系统出现问题，请重试；如仍失败，请提供请求编号。"
    retry_after: int | None = None  # seconds

    def __init__(self, *, errors: dict | None = None, retry_after: int | None = None, **facts):
        self.errors = errors
        self.facts = facts
        self.retry_after = retry_after or self.retry_after
        super().__init__(self.sentence("en"))

    def sentence(self, language: str) -> str:
        text = self.zh if language.startswith("zh") else self.en
        return text.format(**self.facts)


class Malformed(Problem):
    status = 400
    en = "The request cannot be read: {reason}. Correct it and send it again."
    zh = "请求无法解析：{reason}。请更正后重新发送。"


class Unauthorized(Problem):
    status = 401
    en = "Sign in first: the access token is missing, expired or not valid."
    zh = "请先登录：访问令牌缺失、已过期或无效。"


class Forbidden(Problem):
    status = 403
    en = "Your role does not allow this; ask your estate manager if it should."
    zh = "您的角色无权进行此操作；如需开通，请联系项目经理。"


class NotFound(Problem):
    """Absent, or not the caller's to see: the answer is the same on purpose."""

    status = 404
    en = "There is nothing here that you can see; check the address."
    zh = "未找到您可查看的内容，请检查地址。"


class Conflict(Problem):
    status = 409
    en = "This does not fit the present state; reload and try again."
    zh = "与当前状态冲突，请刷新后再试。"


class Stale(Problem):
    status = 412
    en = "It has changed since you read it; read it again and repeat your change."
    zh = "内容已被他人修改，请重新读取后再提交。"


class TooLarge(Problem):
    status = 413
    en = "This is larger than the {limit} allowed; send less."
    zh = "内容超过上限 {limit}，请缩减后再发送。"


class UnsupportedMedia(Problem):
    status = 415
    en = "This kind of content is not accepted here; send {accepted}."
    zh = "不接受此类内容，请发送 {accepted}。"


class Invalid(Problem):
    """Fields that cannot be accepted; `errors` is {field: [sentences]}."""

    status = 422
    en = "Some fields cannot be accepted; see `errors` and correct them."
    zh = "部分字段不符合要求，请按 errors 中的提示更正。"


class PreconditionRequired(Problem):
    status = 428
    en = "Say which version you are changing: send the ETag you read as If-Match."
    zh = "请在 If-Match 中附上您读取到的 ETag，以说明所修改的版本。"


class TooMany(Problem):
    status = 429
    retry_after = 60
    en = "Too many attempts; wait {seconds} seconds and try again."
    zh = "操作过于频繁，请等待 {seconds} 秒后再试。"

    def __init__(self, *, seconds: int = 60, **facts):
        super().__init__(seconds=seconds, retry_after=seconds, **facts)


class Unavailable(Problem):
    status = 503
    retry_after = 5
    en = "The service cannot answer just now; try again in a few seconds."
    zh = "服务暂时无法响应，请几秒后重试。"
