"""The Django REST framework peer: models, serializers and ListCreateAPIView, gunicorn with threads."""

import os
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import django
from django.conf import settings

from tests.bench.twins import common

address = urlsplit(os.environ["TWIN_DATABASE_URL"])
settings.configure(
    SECRET_KEY="only-for-the-bench",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["rest_framework"],
    USE_TZ=True,
    TIME_ZONE="UTC",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": address.path.lstrip("/"),
            "USER": address.username,
            "PASSWORD": unquote(address.password),
            "HOST": parse_qs(address.query)["host"][0],
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
        "UNAUTHENTICATED_TOKEN": None,
    },
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models.expressions import RawSQL  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import exceptions, generics, pagination, serializers  # noqa: E402
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.permissions import BasePermission  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

CONTEXT = common.CONTEXT.format("%s", "%s")
CHOICES = {"kind": ["repair", "complaint", "suggestion", "inquiry"], "urgency": ["normal", "urgent", "emergency"]}


# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────


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

    class Meta(Existing.Meta):
        db_table = "ticket"

    @property
    def title_zh(self):
        return common.title(self.kind, self.category)[0]

    @property
    def title_en(self):
        return common.title(self.kind, self.category)[1]


class Clock(Existing):
    estate_id = models.UUIDField()
    version = models.BigIntegerField(default=1)
    ticket = models.ForeignKey(Ticket, models.DO_NOTHING, related_name="dues")
    clock = models.TextField(default="review")
    started_at = models.DateTimeField()
    warn_at = models.DateTimeField()
    due_at = models.DateTimeField()
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


# ── who calls ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Caller:
    is_authenticated = True

    def __init__(self, claims, estate):
        self.id, self.operator_id, self.estate_id = UUID(claims["sub"]), UUID(claims["operator"]), UUID(estate)
        self.actor = f"person/{claims['sub']}"


class TokenAuthentication(BaseAuthentication):
    def authenticate_header(self, request):
        return "Bearer"

    def authenticate(self, request):
        try:
            claims = common.claims_of(request.headers.get("Authorization"))
        except common.Refused as error:
            raise exceptions.AuthenticationFailed from error
        if claims["epoch"] < self.revoked(claims).get(claims["sub"], 0):
            raise exceptions.AuthenticationFailed
        return Caller(claims, common.staff_estate(claims) or self.estate(claims)), None

    def revoked(self, claims):
        known = common.revoked.get(claims["operator"])
        if known is None:
            known = common.revoked.put(claims["operator"], dict(ask(claims, common.REVOKED, claims["operator"])))
        return known

    def estate(self, claims):
        home = common.home_of(claims)
        if home not in common.homes:
            common.homes[home] = str(ask(claims, common.REACH, home)[0][0])
        return common.homes[home]


def ask(claims, question, id):
    """Rows, read over all of the caller's operator."""
    with connection.cursor() as cursor:
        cursor.execute(common.EVERYWHERE.format("%s"), [claims["operator"]])
        cursor.execute(question.format("%s"), [id])
        return cursor.fetchall()


class SignedIn(BasePermission):
    def has_permission(self, request, view):
        return request.user is not None


# ── serializers ──────────────────────────────────────────────────────────────────────────────────────────────────────


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = Person
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

    class Meta:
        model = Ticket
        fields = WHOLE
        read_only_fields = [name for name in WHOLE if name not in GIVEN]


class RowsSerializer(ShortSerializer):
    class Meta:
        model = Ticket
        fields = [*SHORT, "category", "description", "urgency"]
        read_only_fields = ["id", "number", "state", "filed_at"]


# ── views ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Newest(pagination.CursorPagination):
    ordering = ("-filed_at", "-id")
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200


class Tenancy(generics.ListCreateAPIView):
    """One transaction a request, in which PostgreSQL knows who asks."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [SignedIn]
    pagination_class = Newest

    @transaction.atomic
    def dispatch(self, request, *args, **kwargs):
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        with connection.cursor() as cursor:
            cursor.execute(CONTEXT, [str(request.user.operator_id), str(request.user.estate_id)])

    def get_queryset(self):
        who, estate = self.request.user, UUID(self.request.query_params["estate_id"])
        found = Ticket.objects.filter(operator_id=who.operator_id, estate_id=estate)
        if estate != who.estate_id:
            return found.none()
        mine = RawSQL(
            "(NOT ticket.complained_of @> ARRAY[%s]::uuid[] OR ticket.reporter_id = %s OR ticket.unit_id = ANY ("
            + common.HOMES.format("%s") + "))", [who.id, who.id, who.id], output_field=models.BooleanField(),
        )  # fmt: skip
        return found.filter(mine).defer("description", "contact_phone")


class Tickets(Tenancy):
    """Everything the tickets service does: place, home, number, ticket, clock, two events, two audit rows."""

    def get_serializer_class(self):
        return ReportSerializer if self.request.method == "POST" else LineSerializer

    def get_queryset(self):
        return super().get_queryset().select_related("assignee")

    def perform_create(self, serializer):
        who, given, at = self.request.user, serializer.validated_data, common.now()
        estate = generics.get_object_or_404(Estate, id=given["estate_id"], operator_id=who.operator_id)
        unit = generics.get_object_or_404(Unit, id=given["unit_id"], operator_id=who.operator_id, estate_id=estate.id)
        if estate.id != who.estate_id or not lives_there(who, unit):
            raise exceptions.NotFound
        ticket = serializer.save(
            operator_id=who.operator_id,
            reporter=Person.objects.get(id=who.id),
            filed_by=who.id,
            filed_at=at,
            number=next_number(estate, at),
        )
        clock = Clock.objects.create(
            operator_id=who.operator_id, estate_id=estate.id, ticket=ticket, **common.due_times(at)
        )
        ticket._prefetched_objects_cache = {"dues": [clock]}
        say(who, facts_of(ticket), facts_of(clock))


class Rows(Tenancy):
    """Three rows and nothing else: ticket, audit, outbox."""

    def get_serializer_class(self):
        return RowsSerializer if self.request.method == "POST" else ShortSerializer

    def get_queryset(self):
        return super().get_queryset().only(*SHORT)

    def perform_create(self, serializer):
        who = self.request.user
        ticket = serializer.save(operator_id=who.operator_id, reporter_id=who.id, filed_by=who.id, number=str(uuid7()))
        facts = facts_of(ticket)
        event = common.filed(facts, who.actor, str(uuid7()))
        Outbox.objects.bulk_create([Outbox(**common.outbox_row(event, facts))])
        Audit.objects.bulk_create([Audit(**common.audit_row(event, facts, {**facts, "description": "•••"}))])


def lives_there(who, unit) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(common.LIVES_THERE.format("%s", "%s"), [who.id, unit.id])
        return cursor.fetchone()[0]


def next_number(estate, at) -> str:
    year = at.astimezone(common.SHANGHAI).year
    pen = (
        Pen.objects.select_for_update(skip_locked=True).filter(estate_id=estate.id, year=year).order_by("next").first()
    )
    number, pen.next = pen.next, pen.next + common.PENS
    pen.save(update_fields=["next"])
    return f"{estate.code}-{year}-{number:06}"


def say(who, ticket: dict, clock: dict) -> None:
    correlation = str(uuid7())
    first = common.submitted(ticket, clock, who.actor, correlation)
    second = common.started(ticket, clock, who.actor, correlation)
    Outbox.objects.bulk_create([Outbox(**common.outbox_row(event, ticket)) for event in (first, second)])
    rows = [common.audit_row(first, ticket, {**ticket, "description": "•••"}), common.audit_row(second, ticket, clock)]
    Audit.objects.bulk_create([Audit(**row) for row in rows])


def facts_of(thing) -> dict:
    facts = {field.attname: getattr(thing, field.attname) for field in thing._meta.concrete_fields}
    if isinstance(thing, Ticket):
        facts |= {"title_zh": thing.title_zh, "title_en": thing.title_en}
    return facts


def healthz(request):
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("healthz", healthz),
    path("tickets", Tickets.as_view()),
    path("rows", Rows.as_view()),
    path("short", Rows.as_view()),
]
application = get_wsgi_application()
