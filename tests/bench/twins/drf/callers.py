"""Who calls: the token, who was revoked, and the estate of a home."""

from uuid import UUID

from django.db import connection
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission

from tests.bench.twins import common


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


def operators_taxonomy(operator) -> int:
    """The version of the operator's own, at most two seconds old; 0: the standard one."""
    known = common.taxonomies.get(operator)
    if known is None:
        with connection.cursor() as cursor:
            cursor.execute(common.TAXONOMY.format("%s"), [operator])
            known = common.taxonomies.put(operator, (cursor.fetchone() or [0])[0])
    return known


def ask(claims, question, id):
    """Rows, read over all of the caller's operator."""
    with connection.cursor() as cursor:
        cursor.execute(common.EVERYWHERE.format("%s"), [claims["operator"]])
        cursor.execute(question.format("%s"), [id])
        return cursor.fetchall()


class SignedIn(BasePermission):
    def has_permission(self, request, view):
        return request.user is not None
