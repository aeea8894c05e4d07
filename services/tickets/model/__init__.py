"""What tickets are and how they move, by noun."""

from services.tickets.model.calendar import Calendar, CalendarDay
from services.tickets.model.callback import Callback, CallbackPolicy
from services.tickets.model.clock import Clock
from services.tickets.model.closure import Closure
from services.tickets.model.comment import Comment
from services.tickets.model.confidence import Confidence
from services.tickets.model.contractor import Contractor
from services.tickets.model.copies import Duty, Estate, Occupancy, Person, Staff, Unit
from services.tickets.model.dispatch import Assignment, Choice, DispatchPolicy, Left
from services.tickets.model.figures import MonthFigure, MonthlyAnalysis, RepeatFault
from services.tickets.model.handover import Handover
from services.tickets.model.incident import Incident, IncidentReport, Joining, Update
from services.tickets.model.learning import LearntWord, Lesson
from services.tickets.model.moves import MOVES, AlreadyRated, IllegalMove, Move, TooLate
from services.tickets.model.number import Pen
from services.tickets.model.own_taxonomy import OperatorTaxonomy
from services.tickets.model.pause import Pause
from services.tickets.model.quote import Quote
from services.tickets.model.rating import Rating
from services.tickets.model.ticket import Ticket
from services.tickets.model.words import Words

__all__ = [
    "MOVES",
    "AlreadyRated",
    "Assignment",
    "Calendar",
    "CalendarDay",
    "Callback",
    "CallbackPolicy",
    "Choice",
    "Clock",
    "Closure",
    "Comment",
    "Confidence",
    "Contractor",
    "DispatchPolicy",
    "Duty",
    "Estate",
    "Handover",
    "IllegalMove",
    "Incident",
    "IncidentReport",
    "Joining",
    "LearntWord",
    "Left",
    "Lesson",
    "MonthFigure",
    "MonthlyAnalysis",
    "Move",
    "Occupancy",
    "OperatorTaxonomy",
    "Pause",
    "Pen",
    "Person",
    "Quote",
    "Rating",
    "RepeatFault",
    "Staff",
    "Ticket",
    "TooLate",
    "Unit",
    "Update",
    "Words",
]
