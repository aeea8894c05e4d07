"""How much is too much: per address, per signed-in caller, and tighter at the door where people sign in."""

from dataclasses import replace

import pytest

from chassis.servers import comes_true
from gateway.edge.settings import Limits

REPAIRS = "/api/tickets/v1/repairs"
TOKEN = "/api/directory/v1/token"
PLENTY = Limits("10000r/s", 10000, "10000r/s", 10000, "10000r/s", 10000)


def test_an_address_that_asks_too_much_is_told_to_wait(an_edge, tickets, the_problem_in):
    edge = an_edge(tickets, limits=replace(PLENTY, address="1r/m", address_burst=3))

    allowed = [edge.get(REPAIRS).status_code for _ in range(4)]
    _, headers = the_problem_in(edge.get(REPAIRS), 429)

    assert allowed == [200] * 4
    assert headers["retry-after"] == "1"
    assert len(tickets.asked) == 4


def test_waiting_as_told_is_enough(an_edge, tickets):
    edge = an_edge(tickets, limits=replace(PLENTY, address="1r/s", address_burst=1))
    while edge.get(REPAIRS).status_code == 200:
        pass

    assert comes_true(lambda: edge.get(REPAIRS).status_code == 200, 5)


def test_one_signed_in_caller_does_not_use_up_what_others_have(an_edge, tickets, the_problem_in):
    edge = an_edge(tickets, limits=replace(PLENTY, caller="1r/m", caller_burst=1))
    hers, his = {"Authorization": "Bearer hers"}, {"Authorization": "Bearer his"}

    assert [edge.get(REPAIRS, headers=hers).status_code for _ in range(2)] == [200, 200]
    the_problem_in(edge.get(REPAIRS, headers=hers), 429)
    assert edge.get(REPAIRS, headers=his).status_code == 200
    assert [edge.get(REPAIRS).status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("path", [TOKEN, f"{TOKEN}?again", "/api/directory/v1/password-resets"])
def test_signing_in_is_limited_more_tightly_than_the_rest(an_edge, a_service, the_problem_in, path):
    edge = an_edge(a_service("directory"), limits=replace(PLENTY, sign_in="1r/m", sign_in_burst=2))
    form = {"grant_type": "password", "username": "owner", "password": "guess"}

    assert [edge.post(path, data=form).status_code for _ in range(3)] == [200] * 3
    the_problem_in(edge.post(path, data=form), 429)
    assert edge.get("/api/directory/v1/jwks.json").status_code == 200


def test_the_usual_limits_let_a_busy_screen_load(an_edge, tickets):
    edge = an_edge(tickets, limits=Limits())

    assert {edge.get(REPAIRS, headers={"Authorization": "Bearer hers"}).status_code for _ in range(60)} == {200}
