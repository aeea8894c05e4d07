"""Nothing comes in on terms that nobody looked at."""

import pytest

from deploy import licences
from deploy.licences import NotAllowed, Package

KNOWN = licences.rules()


def test_the_page_is_current_and_every_licence_is_allowed():
    found = licences.packages(licences.REQUIREMENTS.read_text(), KNOWN["spelling"])

    assert len(found) > 40
    assert licences.OUT.read_text() == licences.written(found, KNOWN), "run `make licences`"


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "unknown", "MIT AND AGPL-3.0-only", "LGPL-3.0-only"])
def test_a_licence_nobody_agreed_to_is_refused_by_name(licence):
    with pytest.raises(NotAllowed, match="newcomer"):
        licences.written([Package("newcomer", "1.0", licence)], KNOWN)


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0 OR GPL-2.0-only", "BSD-3-Clause AND MIT"])
def test_one_allowed_choice_is_enough_and_all_parts_are_needed(licence):
    assert "newcomer" in licences.written([Package("newcomer", "1.0", licence)], KNOWN)


def test_a_package_that_changes_its_licence_loses_its_exception():
    with pytest.raises(NotAllowed, match="psycopg"):
        licences.written([Package("psycopg", "4.0", "AGPL-3.0-only")], KNOWN)


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(NotAllowed, match="no-such-package"):
        licences.packages("no-such-package==1.0\n", KNOWN["spelling"])


def test_a_word_that_names_no_licence_is_spelt_for_the_one_package_that_was_looked_at():
    assert licences.licence_of("python-dateutil", KNOWN["spelling"]) == "BSD-3-Clause"
    assert licences.licence_of("python-dateutil", {"holidays: Dual License": "MIT"}) == "Dual License"
