"""Alerts and dashboard, from two lists: `python -m deploy.observability.rules` writes alerts.yml and dashboard.json.

An alert is a row here and a page under deploy/runbooks/. `linli status` judges by the same limits.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from chassis.status import LATE_JOB, OLDEST_EVENT, OLDEST_TRANSACTION, UNSEALED

HERE = Path(__file__).parent
WAIT = "5m"  # what rates are taken over


@dataclass(frozen=True)
class Alert:
    """`page` wakes somebody; `ticket` waits for the morning."""

    name: str
    expr: str
    lasting: str
    severity: str
    summary: str
    zh: str

    def rule(self) -> dict:
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.lasting,
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "summary_zh": self.zh,
                "runbook": f"deploy/runbooks/{self.name}.md",
            },
        }


ERRORS = f'sum by (service) (rate(linli_http_seconds_count{{status=~"5.."}}[{WAIT}]))'
REQUESTS = f"sum by (service) (rate(linli_http_seconds_count[{WAIT}]))"
P95 = f"histogram_quantile(0.95, sum by (service, le) (rate(linli_http_seconds_bucket[{WAIT}])))"

ALERTS = [
    Alert(
        "ScrapeFailing", 'up{job="linli"} == 0', "2m", "page",
        "{{ $labels.instance }} does not tell its figures", "{{ $labels.instance }} 无法采集指标",
    ),
    Alert(
        "RoleAway", "max by (service, role) (linli_processes) == 0", "1m", "page",
        "{{ $labels.service }} has no {{ $labels.role }}", "{{ $labels.service }} 没有运行中的 {{ $labels.role }}",
    ),
    Alert(
        "DatabaseAway", "min by (service) (linli_database_up) == 0", "1m", "page",
        "The database of {{ $labels.service }} does not answer", "{{ $labels.service }} 的数据库没有应答",
    ),
    Alert(
        "BrokerAway", "min by (service) (linli_broker_up) == 0", "1m", "page",
        "{{ $labels.service }} cannot reach the broker", "{{ $labels.service }} 无法连接消息服务",
    ),
    Alert(
        "BrokerBlocked", "max by (link) (linli_broker_blocked) == 1", "30s", "page",
        "The broker takes no messages of {{ $labels.link }}: disk or memory",
        "消息服务拒收 {{ $labels.link }} 的消息：磁盘或内存不足",
    ),
    Alert(
        "OutboxLate", f"max by (service) (linli_outbox_oldest_seconds) > {OLDEST_EVENT}", "30s", "page",
        "An event of {{ $labels.service }} waits for {{ $value | humanizeDuration }}",
        "{{ $labels.service }} 有事件等待了 {{ $value | humanizeDuration }}",
    ),
    Alert(
        "EventsParked",
        'max by (service) (linli_queue_messages{queue="parked"}) > 0 or max by (service) (linli_outbox_parked) > 0',
        "1m", "ticket", "{{ $labels.service }} has {{ $value }} parked events",
        "{{ $labels.service }} 有 {{ $value }} 个搁置的事件",
    ),
    Alert(
        "QueueGrowing",
        'max by (service) (linli_queue_messages{queue="events"}) > 1000'
        ' and on (service) max by (service) (deriv(linli_queue_messages{queue="events"}[10m])) > 0',
        "10m", "ticket", "{{ $labels.service }} hears more slowly than others speak",
        "{{ $labels.service }} 处理事件跟不上产生速度",
    ),
    Alert(
        "TransactionOld", f"max by (service) (linli_transaction_oldest_seconds) > {OLDEST_TRANSACTION}", "1m", "ticket",
        "A transaction in {{ $labels.service }} is open for {{ $value | humanizeDuration }}",
        "{{ $labels.service }} 有事务已开启 {{ $value | humanizeDuration }}",
    ),
    Alert(
        "JobLate", f"max by (service, job) (linli_job_lag_seconds) > {LATE_JOB}", "2m", "ticket",
        "{{ $labels.job }} of {{ $labels.service }} is late by {{ $value | humanizeDuration }}",
        "{{ $labels.service }} 的作业 {{ $labels.job }} 延迟 {{ $value | humanizeDuration }}",
    ),
    Alert(
        "JobFailing", "max by (service, job) (linli_job_failing) == 1", "5m", "ticket",
        "{{ $labels.job }} of {{ $labels.service }} fails", "{{ $labels.service }} 的作业 {{ $labels.job }} 失败",
    ),
    Alert(
        "ErrorsAnswered", f"{ERRORS} / {REQUESTS} > 0.01", "5m", "page",
        "{{ $labels.service }} answers {{ $value | humanizePercentage }} of requests with an error of its own",
        "{{ $labels.service }} 有 {{ $value | humanizePercentage }} 的请求返回服务端错误",
    ),
    Alert(
        "AnswersSlow", f"{P95} > 1", "10m", "ticket",
        "{{ $labels.service }}: one request in twenty takes more than {{ $value | humanizeDuration }}",
        "{{ $labels.service }} 有 5% 的请求超过 {{ $value | humanizeDuration }}",
    ),
    Alert(
        "AuditUnsealed", f"max by (service) (linli_audit_unsealed_seconds) > {UNSEALED}", "1m", "ticket",
        "Audit rows of {{ $labels.service }} wait {{ $value | humanizeDuration }} for their seal",
        "{{ $labels.service }} 的审计记录已有 {{ $value | humanizeDuration }} 未封存",
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """A graph: what it is, its unit in Grafana's words, and {legend: expression}."""

    title: str
    unit: str
    lines: dict[str, str]

    def drawn(self, number: int) -> dict:
        targets = [
            {"refId": chr(65 + place), "expr": expr, "legendFormat": legend}
            for place, (legend, expr) in enumerate(self.lines.items())
        ]
        return {
            "id": number + 1,
            "type": "timeseries",
            "title": self.title,
            "datasource": {"type": "prometheus", "uid": "${source}"},
            "fieldConfig": {"defaults": {"unit": self.unit, "min": 0}, "overrides": []},
            "gridPos": {"h": 8, "w": 8, "x": 8 * (number % 3), "y": 8 * (number // 3)},
            "targets": targets,
        }


def per_second(counter: str, *by: str, **only: str) -> str:
    chosen = ",".join(f'{label}="{value}"' for label, value in only.items())
    return f"sum by ({', '.join(by)}) (rate({counter}{{{chosen}}}[{WAIT}]))"


def quantile(part: float, histogram: str, *by: str) -> str:
    return f"histogram_quantile({part}, sum by ({', '.join([*by, 'le'])}) (rate({histogram}_bucket[{WAIT}])))"


PANELS = [
    Panel(
        "Processes alive 运行中的进程", "short", {"{{service}} {{role}}": "max by (service, role) (linli_processes)"}
    ),
    Panel("Requests 请求", "reqps", {"{{service}}": REQUESTS}),
    Panel("Errors answered 服务端错误", "reqps", {"{{service}}": ERRORS}),
    Panel("Answers, p95 应答时间", "s", {"{{service}}": P95}),
    Panel("Fact to effect, p95 事件时延", "s", {"{{service}}": quantile(0.95, "linli_event_delay_seconds", "service")}),
    Panel(
        "Reactions, p95 事件处理",
        "s",
        {"{{service}} {{reaction}}": quantile(0.95, "linli_reaction_seconds", "service", "reaction")},
    ),
    Panel("Outbox waiting 发件箱等待", "short", {"{{service}}": "max by (service) (linli_outbox_waiting)"}),
    Panel("Oldest unsent 最早未发出", "s", {"{{service}}": "max by (service) (linli_outbox_oldest_seconds)"}),
    Panel(
        "Relay 发出", "ops", {"{{service}} {{outcome}}": per_second("linli_relay_events_total", "service", "outcome")}
    ),
    Panel("Queues 队列", "short", {"{{service}} {{queue}}": "max by (service, queue) (linli_queue_messages)"}),
    Panel(
        "Heard 收听",
        "ops",
        {"{{service}} {{outcome}}": per_second("linli_consumer_events_total", "service", "outcome")},
    ),
    Panel("Batch, p95 批处理", "s", {"{{service}}": quantile(0.95, "linli_handling_seconds", "service")}),
    Panel("Job lag 作业延迟", "s", {"{{service}} {{job}}": "max by (service, job) (linli_job_lag_seconds) > 0"}),
    Panel("Job time 作业耗时", "s", {"{{service}} {{job}}": quantile(0.95, "linli_job_seconds", "service", "job")}),
    Panel(
        "Last run 上次作业",
        "s",
        {"{{service}} {{job}}": "time() - max by (service, job) (linli_job_finished_timestamp_seconds)"},
    ),
    Panel("Oldest transaction 最早事务", "s", {"{{service}}": "max by (service) (linli_transaction_oldest_seconds)"}),
    Panel(
        "Database connections 数据库连接",
        "short",
        {"{{service}} {{role}} {{state}}": "sum by (service, role, state) (linli_db_connections)"},
    ),
    Panel("Audit unsealed 审计未封存", "s", {"{{service}}": "max by (service) (linli_audit_unsealed_seconds)"}),
    Panel("Versions 版本", "short", {"{{service}} {{version}}": "count by (service, version) (linli_build_info)"}),
    Panel("Consumers 消费者", "short", {"{{service}}": "max by (service) (linli_queue_consumers)"}),
]


def alerts() -> str:
    group = {"name": "linli", "rules": [alert.rule() for alert in ALERTS]}
    head = "# Written by `python -m deploy.observability.rules`; change it there.\n"
    return head + yaml.safe_dump({"groups": [group]}, allow_unicode=True, sort_keys=False, width=140)


def dashboard() -> str:
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    whole = {
        "uid": "linli",
        "title": "Linli 邻里",
        "tags": ["linli"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [source]},
        "panels": [panel.drawn(number) for number, panel in enumerate(PANELS)],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


FILES = {"alerts.yml": alerts, "dashboard.json": dashboard}

if __name__ == "__main__":
    for name, write in FILES.items():
        (HERE / name).write_text(write())
