"""`python -m deploy.local.topology`: bring the broker's exchanges, queues, bindings, rights and users up to date."""

from chassis import broker
from chassis.service import load
from deploy.local import plan


def definitions(here: plan.Plan) -> dict:
    passwords = {service: here.secret(service, "AMQP_PASSWORD") for service in here.services}
    return broker.definitions(map(load, here.services), passwords, extra=[here.broker_administrator()])


def main() -> None:
    here = plan.Plan.of_this_checkout()
    for binding in broker.sync(here.management_url, definitions(here)):
        print(f"unbound {binding}")


if __name__ == "__main__":
    main()
