"""Kites with a reaction that kills its process, for the tests that need one."""

import os

from chassis.events import on
from chassis.tests.kites.reactions import StormAnnounced, note_storm
from chassis.tests.kites.service import service as kites
from chassis.tests.wire import hearing


@on(StormAnnounced)
def die_of_lightning(work, heard):
    if heard.text == "lightning":
        os._exit(9)
    note_storm(work, heard)


service = hearing(kites, die_of_lightning)
