"""JSON in and out."""

from rest_framework import serializers

from tests.bench.twins.drf.models import Clock, Contractor, Person, Ticket

CHOICES = {"kind": ["repair", "complaint", "suggestion", "inquiry"], "urgency": ["normal", "urgent", "emergency"]}


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = Person
        fields = ["id", "name"]


class NamedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Contractor
        fields = ["id", "name"]


class DueSerializer(serializers.ModelSerializer):
    class Meta:
        model = Clock
        fields = ["clock", "due_at", "warned_at", "breached_at", "met_at"]


SHORT = ["id", "number", "kind", "state", "estate_id", "unit_id", "filed_at"]
LINE = [*SHORT, "version", "place", "category", "problem", "title_zh", "title_en", "urgency", "assignee"]
WHOLE = [
    *LINE, "channel", "reporter_id", "reporter", "filed_by", "description", "preferred_times", "contact_phone", "payer",
    "question", "answer", "reason", "assignee_id", "resolution", "cause", "parts", "labour_minutes", "reopened", "reviewed_at",
    "dispatched_at", "started_at", "completed_at", "rated_at", "closed_at", "closes_at", "reopen_until", "dues", "ratings",
    "follows_id", "confidential", "incident_id", "proposed", "warranty_until", "reply", "outcome", "replied_at",
    "contested_at", "confirmed_at", "contractor_id", "contractor", "returned", "urged", "urged_at", "cause_code", "charged_fen",
    "appointed_from", "appointed_to", "arrived_at", "similar",
]  # fmt: skip
GIVEN = {"kind", "estate_id", "unit_id", "category", "description", "urgency"}


class ShortSerializer(serializers.ModelSerializer):
    class Meta:
        model = Ticket
        fields = SHORT


class LineSerializer(serializers.ModelSerializer):
    assignee = PersonSerializer(read_only=True)
    title_zh = serializers.CharField(read_only=True)
    title_en = serializers.CharField(read_only=True)

    class Meta:
        model = Ticket
        fields = LINE


class ReportSerializer(LineSerializer):
    kind = serializers.ChoiceField(CHOICES["kind"])
    urgency = serializers.ChoiceField(CHOICES["urgency"], default="normal")
    category = serializers.CharField(max_length=40, allow_null=True, default=None)
    description = serializers.CharField(max_length=4000)
    reporter = PersonSerializer(read_only=True)
    dues = DueSerializer(many=True, read_only=True)
    ratings = serializers.ReadOnlyField(default=())
    contractor = NamedSerializer(read_only=True)
    confidential = serializers.BooleanField(read_only=True)
    reply = serializers.CharField(source="reply_text", read_only=True)
    similar = serializers.ReadOnlyField()

    class Meta:
        model = Ticket
        fields = WHOLE
        read_only_fields = [name for name in WHOLE if name not in GIVEN]


class RowsSerializer(ShortSerializer):
    class Meta:
        model = Ticket
        fields = [*SHORT, "category", "description", "urgency"]
        read_only_fields = ["id", "number", "state", "filed_at"]
