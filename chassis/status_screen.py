"""How `linli status` looks: a row for each role of each service, a row for what lies behind, the troubles below."""

from datetime import UTC, datetime

from chassis import VERSION, heartbeat
from chassis.status import Condition, Report
from chassis.terminal import lasting, pad, paint, pick

WIDTHS = (11, 10, 11, 10, 10)


def draw(report: Report) -> str:
    lines = [_head(report), ""]
    lines.append(paint(_row(*pick("service role since rate lag", "服务 角色 已运行 速率 滞后").split()), "dim"))
    for found in report.services:
        lines += [*_roles(found), _behind(found), ""]
    lines += [_broker(report), _edge(report), ""]
    lines += [paint(f"✗ {trouble}", "bad") for trouble in report.troubles]
    return "\n".join(lines if report.troubles else [*lines, paint(pick("✓ all is well", "✓ 一切正常"), "good")])


def _head(report: Report) -> str:
    name = pick("Linli", "邻里")
    return f"{paint(name, 'bold')} {VERSION}  {report.edge}  {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _row(*cells: str) -> str:
    return "".join(pad(cell, width) for cell, width in zip(cells, WIDTHS, strict=True))


def _roles(found: Condition) -> list[str]:
    lines = []
    for role in heartbeat.ROLES:
        beats, name = found.alive(role), found.name if role == "web" else ""
        if not beats:
            lines.append(_row(name, role, "", "", "").rstrip() + paint(f"  {pick('away', '不在')}", "bad"))
            continue
        count = f"{role} ×{len(beats)}" if len(beats) > 1 else role
        since, rate = lasting(min(beat.age for beat in beats)), f"{sum(beat.rate for beat in beats):.1f}/s"
        lacks = sorted({beat.lacks for beat in beats} - {""})
        lines.append(_row(name, count, since, rate, _lag(found, role)) + paint(" ".join(lacks), "bad"))
    return lines


def _lag(found: Condition, role: str) -> str:
    """What waits for this role: events in the queue, the age of the oldest unsent one, the latest job."""
    if role == "worker":
        return str(found.queues.waiting["events"]) if found.queues else "?"
    if role == "web" or not found.state:
        return ""
    return lasting((found.state["eldest"] or 0) if role == "relay" else max(found.late, 0))


def _behind(found: Condition) -> str:
    if not found.state:
        return _row("", pick("database", "数据库"), "", "", "").rstrip() + paint(f"  {pick('away', '不在')}", "bad")
    state, queued = found.state, found.queues
    sealed = f"{state['sealed']:%H:%M:%S}" if state["sealed"] else pick("never", "从未")
    retrying, parked = (queued.retrying, queued.waiting["parked"]) if queued else ("?", "?")
    facts = (
        (pick("schema", "结构"), found.revision),
        (pick("oldest transaction", "最早事务"), lasting(state["transaction"] or 0)),
        (pick("outbox", "发件箱"), state["waiting"]),
        (pick("retrying", "重试"), retrying),
        (pick("parked", "搁置"), f"{state['parked']}+{parked}"),
        (pick("jobs", "作业"), len(state["jobs"])),
        (pick("audit sealed", "审计封存"), sealed),
    )
    return paint(" " * WIDTHS[0] + " · ".join(f"{name} {value}" for name, value in facts), "dim")


def _broker(report: Report) -> str:
    answers = any(found.queues for found in report.services)
    alarms = pick("alarms not known", "警报未知") if report.alarms is None else pick("alarms: ", "警报：")
    listed = "" if report.alarms is None else ", ".join(report.alarms) or pick("none", "无")
    state = paint("ok", "good") if answers and not report.alarms else paint(pick("ill", "异常"), "bad")
    return pad(pick("broker", "消息服务"), WIDTHS[0]) + f"{state}  {alarms}{listed}"


def _edge(report: Report) -> str:
    says = report.edge_says.get("status", pick("away", "不在"))
    return pad(pick("edge", "网关"), WIDTHS[0]) + paint(says, "good" if says == "ok" else "bad")
