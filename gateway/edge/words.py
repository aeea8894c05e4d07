"""Every sentence of the edge's pages, in Chinese and English."""

from flask import request

LANGUAGES = ("zh", "en")

WORDS = {
    "title": ("邻里 · 物业服务平台", "Linli · the property platform"),
    "tagline": (
        "报修、收费、设施与通知，各自独立，以事件相连。",
        "Repairs, charges, facilities and messages: independent services, joined by events.",
    ),
    "home": ("首页", "Home"),
    "api": ("接口文档", "API"),
    "api_about": (
        "所有服务的全部接口，可在页面上直接试用。",
        "Every route of every service, to read and to try out on the page.",
    ),
    "events": ("事件目录", "Events"),
    "events_about": (
        "平台会宣布哪些事实、由谁发出、谁在收听、包含哪些字段。",
        "Which facts the platform announces, who says them, who listens, and what is in them.",
    ),
    "health": ("运行状态", "Health"),
    "health_about": (
        "每个服务此刻是否可用，缺少什么。",
        "Whether each service can work right now, and what it lacks.",
    ),
    "services": ("已部署的服务", "Services deployed here"),
    "specification": ("接口描述文件", "OpenAPI document"),
    "portal_soon": (
        "业主与员工的门户网站将出现在此地址。",
        "The portal for owners and staff will open at this address.",
    ),
    "api_introduction": (
        "先调用 `POST /api/directory/v1/token` 登录，再点击 Authorize 填入返回的 `access_token`。",
        "Sign in with `POST /api/directory/v1/token`, then give its `access_token` to Authorize.",
    ),
    "api_silent": ("以下服务暂未应答：", "Not answering just now:"),
    "events_intro": (
        "事件以 CloudEvents 1.0 的 JSON 形式发布到 RabbitMQ，路由键即事件类型。同一版本只增不改。",
        "Events travel over RabbitMQ as CloudEvents 1.0 in JSON; the routing key is the event's type. "
        "Within a version, fields are only ever added.",
    ),
    "events_none": (
        "尚未生成事件目录，请在代码目录运行 make contracts。",
        "The event catalogue has not been generated; run make contracts in the checkout.",
    ),
    "envelope": ("每个事件的信封", "The envelope of every event"),
    "said_by": ("发出者", "Said by"),
    "heard_by": ("收听者", "Heard by"),
    "nobody": ("暂无", "nobody yet"),
    "field": ("字段", "Field"),
    "kind": ("类型", "Type"),
    "meaning": ("说明", "Meaning"),
    "optional": ("可选", "optional"),
    "private": ("含个人信息（密文）", "carries personal data, encrypted"),
    "no_fields": ("没有字段。", "It has no fields."),
    "count": ("{count} 个事件", "{count} in all"),
    "other_language": ("English", "中文"),
    "not_found": (
        "此地址不存在，请检查路径；可用接口见 /docs。",
        "There is nothing at this address; check the path, or see /docs for what there is.",
    ),
    "not_found_title": ("未找到", "Not found"),
    "method_not_allowed": (
        "此地址不支持该请求方法，可用方法见 Allow 响应头。",
        "This method is not known here; the Allow header names those that are.",
    ),
    "method_not_allowed_title": ("不支持此方法", "Method not allowed"),
    "malformed": ("请求未被接受，请检查后重新发送。", "The request was not accepted; correct it and send it again."),
    "malformed_title": ("请求有误", "Malformed request"),
    "problem": (
        "系统出现问题，请重试；如仍失败，请提供请求编号。",
        "Something went wrong on our side; try again, and give the request id if it persists.",
    ),
    "problem_title": ("系统错误", "Our error"),
}


def say(word: str, language: str, **facts) -> str:
    return WORDS[word][LANGUAGES.index(language)].format(**facts)


def language_asked() -> str:
    """`?lang=` first, then Accept-Language; Chinese when neither says."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"], default="zh")
    return best[:2]
