"""People and their accounts."""

from chassis.errors import NotFound
from chassis.http import Blueprint, allow, asks, gives, lists, refuses, takes
from chassis.private import mask_email, mask_phone
from services.directory import queries
from services.directory.handlers import accounts
from services.directory.handlers import people as handlers
from services.directory.handlers.reach import in_charge
from services.directory.model import Person
from services.directory.schemas.accounts import AccountView, Invitation
from services.directory.schemas.people import NewPerson, PersonChange, PersonFilter, PersonLine, PersonView

blp = Blueprint("people", description="People, and their way in")


@blp.get("/people")
@allow("directory:see")
@asks(PersonFilter)
@lists(PersonLine)
def list_people(work, query):
    """Staff: the people of their estates, numbers masked. Residents: themselves."""
    return queries.people(work, **query)


@blp.get("/people/<uuid:person_id>")
@allow("directory:see")
@gives(PersonView)
def show_person(work, person_id):
    """A person; phones and e-mail in full only for oneself and for those who may see them."""
    return shown(work, work.find(Person, person_id))


def shown(work, person: Person) -> dict:
    """The person as this actor may see them."""
    view = {name: getattr(person, name) for name in PersonView._declared_fields if name != "masked"}
    if person.id == work.actor.id or in_charge(work, person.id, "directory:see_phones"):
        return {**view, "masked": False}
    phones = {name: view[name] and mask_phone(view[name]) for name in ("phone", "other_phone")}
    return {**view, **phones, "email": view["email"] and mask_email(view["email"]), "masked": True}


@blp.post("/people")
@allow("directory:manage_people")
@takes(NewPerson)
@gives(PersonView, status=201)
def register_person(work, body):
    """Enter a person or a company."""
    return shown(work, handlers.register_person(work, **body))


@blp.patch("/people/<uuid:person_id>")
@allow("directory:manage_people")
@takes(PersonChange)
@gives(PersonView)
def change_person(work, person_id, body):
    """Change a person's name, language, phones or e-mail."""
    return shown(work, handlers.change_person(work, person_id, **body))


@blp.post("/people/<uuid:person_id>/erasure")
@allow("directory:erase")
@gives(PersonView)
@refuses(409)
def erase_person(work, person_id):
    """Erase a person for good, at their request: name, phones, e-mail and sign-in go, here and in every service.

    What they held and did stays, under an id that nobody can name any more. A 409 while they hold a home or work here.
    """
    return shown(work, handlers.erase_person(work, person_id))


@blp.get("/people/<uuid:person_id>/account")
@allow("directory:manage_people")
@gives(AccountView)
def show_account(work, person_id):
    """Whether and since when a person can sign in."""
    work.find(Person, person_id)
    account = queries.account_of(work, person_id)
    if account is None:
        raise NotFound()
    return account


@blp.post("/people/<uuid:person_id>/account")
@allow("directory:manage_people")
@takes(Invitation)
@gives(AccountView, status=201)
def invite(work, person_id, body):
    """Send a person a link to set the first password; once more voids the earlier link."""
    return accounts.invite(work, person_id, **body)


@blp.post("/people/<uuid:person_id>/account/disabling")
@allow("directory:manage_people")
@gives(AccountView)
def disable_account(work, person_id):
    """Shut a person out: sessions end, tokens are void within seconds."""
    return accounts.disable(work, person_id)


@blp.post("/people/<uuid:person_id>/account/enabling")
@allow("directory:manage_people")
@gives(AccountView)
def enable_account(work, person_id):
    """Let a person in again."""
    return accounts.enable(work, person_id)
