"""The demo operators are what the papers say they are."""

import pytest
from sqlalchemy import text

from services.directory import demo

UNITS = text("""
    SELECT estate.code, usage, count(*), sum(gross_area)::text FROM unit JOIN estate ON estate.id = unit.estate_id
    GROUP BY 1, 2 ORDER BY 1, 2""")
NO_DUTY = text("""
    SELECT estate.code, hour FROM estate, generate_series(:now, :now + interval '6 days', interval '1 hour') AS hour
    WHERE NOT EXISTS (SELECT FROM duty WHERE duty.estate_id = estate.id AND level = 1 AND role = 'dispatcher'
                      AND starts_at <= hour AND ends_at > hour)""")


@pytest.mark.slow
@pytest.mark.timeout(600)  # ten thousand facts: seconds on a quiet machine, minutes on a busy one
def test_the_demo_moves_in_once_and_everybody_named_can_sign_in(directory):
    told = demo.seed(directory.runtime)

    with directory.runtime.transaction(system=True) as session:
        assert session.execute(UNITS).all() == [
            ("HY-E-01", "home", 576, "63936.00"),
            ("HY-E-01", "parking", 620, "7750.00"),
            ("HY-E-01", "shop", 18, "1080.00"),
            ("HY-E-02", "home", 352, "33677.60"),
            ("HY-E-02", "parking", 400, "5000.00"),
            ("HY-SW-01", "home", 576, "48700.80"),
            ("HY-SW-01", "shop", 30, "1050.00"),
            ("QY-01", "home", 40, "9600.00"),
        ]
        assert session.execute(NO_DUTY, {"now": directory.clock.now()}).all() == []
    assert told["accounts"]["owner"]["unit_code"] == "3-2-0601"
    assert told["operators"]["HY"]["estates"]["HY-E-01"] == told["accounts"]["technician"]["estate_id"]
    anybody = directory.client()
    for number, account in enumerate(told["accounts"].values()):
        form = {"grant_type": "password", "username": account["login"], "password": account["password"]}
        answer = anybody.post("/token", data=form, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        assert answer.status_code == 200, account
    for partner in told["clients"].values():
        form = {"grant_type": "client_credentials", **{key: partner[key] for key in ("client_id", "client_secret")}}
        assert anybody.post("/token", data=form).status_code == 200

    before = len(directory.said())
    assert demo.seed(directory.runtime) == told and len(directory.said()) == before
