"""Who hears of what work would cost, and of what the owner says to it."""

from chassis.ids import new_id
from services.notify.reactions import quotes
from services.notify.tests.factories import EN, ZH, a_colleague, a_resident, a_ticket, hear, messages, told


def test_the_home_is_asked_for_its_consent_with_the_price_in_yuan(notify, place):
    owner, co_owner = a_resident(notify, place), a_resident(notify, place, "co_owner", language=EN)

    hear(notify, place, a_ticket(quotes.QuoteOffered, place, owner, total_fen=14005))

    assert told(notify) == {(owner, "tickets.quote.offered", ZH), (co_owner, "tickets.quote.offered", EN)}
    assert "140.05" in messages(notify, owner)[0].body and "140.05" in messages(notify, co_owner)[0].body


def test_whoever_is_to_do_the_work_hears_what_the_owner_says(notify, place):
    owner, technician = a_resident(notify, place), a_colleague(notify, place, "technician")

    for kind in (quotes.QuoteAgreed, quotes.QuoteRefused):
        fact = a_ticket(kind, place, owner, assignee_id=technician, total_fen=14000, ticket_id=new_id())
        hear(notify, place, fact)

    assert told(notify) == {
        (technician, "tickets.quote.agreed.technician", ZH),
        (technician, "tickets.quote.refused.technician", ZH),
    }
