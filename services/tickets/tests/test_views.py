"""Door 1: a repair over HTTP, and who may see and do what."""


def test_a_repair_goes_from_the_owners_report_to_the_owners_rating(garden):
    ticket = garden.report(unit_id=str(garden.home), category="给排水", problem="leak")
    assert (ticket["state"], ticket["number"], ticket["category"]) == ("submitted", "HY-E-01-2026-000001", "PLB")

    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": "owner"})
    ticket = garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    ticket = garden.do(garden.technician, ticket, "start")
    ticket = garden.do(
        garden.technician,
        ticket,
        "completion",
        {"resolution": "换了阀芯", "parts": [{"name": "阀芯", "quantity": 2, "price_fen": 3500}], "labour_minutes": 40},
    )
    ticket = garden.do(garden.owner, ticket, "rating", {"score": 5, "aspects": {"speed": 5}, "tags": ["准时"]})

    assert ticket["state"] == "completed"
    assert ticket["ratings"][0]["score"] == 5
    assert ticket["assignee"] == {"id": str(garden.technician.id), "name": "李师傅"}
