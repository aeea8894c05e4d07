"""What the directory keeps: places, the people in them, who works there and who may sign in."""

from services.directory.model.accounts import Account, Client, ClientSecret, PasswordToken, RefreshToken, SignIn
from services.directory.model.duties import Duty, Shift
from services.directory.model.homes import Occupancy, Unit
from services.directory.model.keys import signing_key
from services.directory.model.people import Person
from services.directory.model.places import Building, Estate, Operator, Region
from services.directory.model.staff import Staff

__all__ = [
    "Account",
    "Building",
    "Client",
    "ClientSecret",
    "Duty",
    "Estate",
    "Occupancy",
    "Operator",
    "PasswordToken",
    "Person",
    "RefreshToken",
    "Region",
    "Shift",
    "SignIn",
    "Staff",
    "Unit",
    "signing_key",
]
