"""The tickets service's tables, as they are."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid_utils.compat import uuid7

from tests.bench.twins import common


class Existing(models.Model):
    """One of the tickets service's tables, as it is."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    operator_id = models.UUIDField()

    class Meta:
        abstract = True
        app_label = "twin"
        managed = False


class Estate(Existing):
    code = models.TextField()

    class Meta(Existing.Meta):
        db_table = "estate"


class Unit(Existing):
    estate_id = models.UUIDField()

    class Meta(Existing.Meta):
        db_table = "unit"


class Person(Existing):
    name = models.TextField()

    class Meta(Existing.Meta):
        db_table = "person"


class Contractor(Existing):
    name = models.TextField()

    class Meta(Existing.Meta):
        db_table = "contractor"


class Pen(Existing):
    estate_id = models.UUIDField()
    year = models.BigIntegerField()
    next = models.BigIntegerField()

    class Meta(Existing.Meta):
        db_table = "pen"


class Ticket(Existing):
    estate_id = models.UUIDField()
    version = models.BigIntegerField(default=1)
    number = models.TextField()
    kind = models.TextField()
    state = models.TextField(default="submitted")
    unit_id = models.UUIDField(null=True)
    place = models.TextField(null=True)
    channel = models.TextField(default="portal")
    reporter = models.ForeignKey(Person, models.DO_NOTHING, related_name="+", db_constraint=False)
    filed_by = models.UUIDField()
    complained_of = ArrayField(models.UUIDField(), default=list)
    category = models.TextField(null=True)
    problem = models.TextField(null=True)
    description = models.TextField()
    urgency = models.TextField(default="normal")
    preferred_times = models.JSONField(null=True)
    contact_phone = models.TextField(null=True)
    payer = models.TextField(null=True)
    question = models.TextField(null=True)
    answer = models.TextField(null=True)
    reason = models.TextField(null=True)
    assignee = models.ForeignKey(Person, models.DO_NOTHING, related_name="+", null=True, db_constraint=False)
    held_from = models.TextField(null=True)
    resolution = models.TextField(null=True)
    cause = models.TextField(null=True)
    parts = models.JSONField(null=True)
    labour_minutes = models.BigIntegerField(null=True)
    reopened = models.BigIntegerField(default=0)
    filed_at = models.DateTimeField(default=common.now)
    reviewed_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    rated_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    reopen_until = models.DateTimeField(null=True)
    limits = models.JSONField(null=True)
    appointed_from = models.DateTimeField(null=True)
    appointed_to = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    reply_text = models.TextField(null=True)
    outcome = models.TextField(null=True)
    replied_by = models.UUIDField(null=True)
    replied_at = models.DateTimeField(null=True)
    contested_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    confidence_id = models.UUIDField(null=True)
    cause_code = models.TextField(null=True)
    charged_fen = models.BigIntegerField(default=0)
    follows_id = models.UUIDField(null=True)
    warranty_until = models.DateField(null=True)
    contractor = models.ForeignKey(Contractor, models.DO_NOTHING, related_name="+", null=True, db_constraint=False)
    assignment_id = models.UUIDField(null=True)
    returned = models.BigIntegerField(default=0)
    urged = models.BigIntegerField(default=0)
    urged_at = models.DateTimeField(null=True)
    send_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(default=common.FAR)  # kept by a trigger
    proposed = models.JSONField(null=True)
    incident_id = models.UUIDField(null=True)
    named_zh = models.TextField(null=True)
    named_en = models.TextField(null=True)

    class Meta(Existing.Meta):
        db_table = "ticket"

    @property
    def title_zh(self):
        return self.named_zh or common.title(self.kind, self.category)[0]

    @property
    def title_en(self):
        return self.named_en or common.title(self.kind, self.category)[1]

    @property
    def confidential(self):
        return self.confidence_id is not None


class Clock(Existing):
    estate_id = models.UUIDField()
    version = models.BigIntegerField(default=1)
    ticket = models.ForeignKey(Ticket, models.DO_NOTHING, related_name="dues")
    clock = models.TextField(default="review")
    started_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    due_at = models.DateTimeField()
    target = models.BigIntegerField()
    counting = models.TextField()
    counted_by = models.BigIntegerField()
    escalate_at = models.DateTimeField(null=True)
    level = models.TextField(null=True)
    paused_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)

    class Meta(Existing.Meta):
        db_table = "clock"


class Outbox(Existing):
    """Known by its id and without its sequence: we may write here and not read."""

    shard = models.SmallIntegerField()
    estate_id = models.UUIDField(null=True)
    aggregate_type = models.TextField()
    aggregate_id = models.UUIDField()
    aggregate_version = models.BigIntegerField()
    routing_key = models.TextField()
    event = models.JSONField()

    class Meta(Existing.Meta):
        db_table = "outbox"


class Audit(models.Model):
    seq = models.BigAutoField(primary_key=True)
    operator_id = models.UUIDField()
    estate_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    actor = models.TextField()
    action = models.TextField()
    subject_type = models.TextField()
    subject_id = models.UUIDField()
    version = models.BigIntegerField()
    changes = models.JSONField()
    correlation_id = models.TextField()

    class Meta:
        app_label = "twin"
        managed = False
        db_table = "audit"
