"""Filing and listing, each in one transaction."""

from uuid import UUID

from django.db import connection, models, transaction
from django.db.models.expressions import RawSQL
from rest_framework import exceptions, generics, pagination
from uuid_utils.compat import uuid7

from tests.bench.twins import common, words
from tests.bench.twins.drf.callers import SignedIn, TokenAuthentication, operators_taxonomy
from tests.bench.twins.drf.models import Audit, Clock, Estate, Outbox, Pen, Person, Ticket, Unit
from tests.bench.twins.drf.shapes import LINE, SHORT, LineSerializer, ReportSerializer, RowsSerializer, ShortSerializer

SEEN_BY_STAFF = common.SEEN_BY_STAFF.format(person="%s")
SIMILAR = common.SIMILAR.format(**{name: f"%({name})s" for name in common.SIMILAR_ASKED})
LISTED = [name for name in LINE if not name.startswith("title_")]
CONTEXT = common.CONTEXT.format("%s", "%s")


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
        mine = RawSQL(SEEN_BY_STAFF, [who.id] * 3, output_field=models.BooleanField())
        return found.filter(mine)


class Tickets(Tenancy):
    """Everything the tickets service does: place, home, number, ticket, clock, two events, two audit rows."""

    def get_serializer_class(self):
        return ReportSerializer if self.request.method == "POST" else LineSerializer

    def get_queryset(self):
        shown = [*LISTED, "named_zh", "named_en", "assignee__name"]
        return super().get_queryset().select_related("assignee").only(*shown)

    def perform_create(self, serializer):
        who, given, at = self.request.user, serializer.validated_data, common.now()
        estate = generics.get_object_or_404(Estate, id=given["estate_id"], operator_id=who.operator_id)
        unit = generics.get_object_or_404(Unit, id=given["unit_id"], operator_id=who.operator_id, estate_id=estate.id)
        if estate.id != who.estate_id or not lives_there(who, unit):
            raise exceptions.NotFound
        operators_taxonomy(who.operator_id)  # for the title, the limit and what the words may propose
        ticket = serializer.save(
            operator_id=who.operator_id,
            reporter=Person.objects.get(id=who.id),
            filed_by=who.id,
            filed_at=at,
            number=next_number(estate, at),
            proposed=words.proposed(given["kind"], given["description"]),
        )
        clock = Clock.objects.create(
            operator_id=who.operator_id, estate_id=estate.id, ticket=ticket, **common.due_times(at)
        )
        ticket._prefetched_objects_cache = {"dues": [clock]}
        say(who, facts_of(ticket), facts_of(clock))
        ticket.similar = alike(who, ticket)


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
        Audit.objects.bulk_create([Audit(**common.audit_row(event, facts, facts))])


def alike(who, ticket) -> list[dict]:
    about = ticket.category or (ticket.proposed or {}).get("category")
    if about is None:
        return []
    asked = {
        "operator": who.operator_id, "estate": ticket.estate_id, "unit": ticket.unit_id, "person": who.id, "ticket": ticket.id,
        "kind": ticket.kind, "about": about,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SIMILAR, asked)
        return common.similar(cursor.fetchall())


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
    rows = [common.audit_row(first, ticket, ticket), common.audit_row(second, ticket, clock)]
    Audit.objects.bulk_create([Audit(**row) for row in rows])


def facts_of(thing) -> dict:
    facts = {field.attname: getattr(thing, field.attname) for field in thing._meta.concrete_fields}
    if isinstance(thing, Ticket):
        facts |= {name: getattr(thing, name) for name in ("title_zh", "title_en", "confidential")}
    return facts
