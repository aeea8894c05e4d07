"""The developer's warranty: what it covers and for how long, and who would therefore pay.

The shortest periods that the law allows, from the day the building was accepted as completed (Regulation on the Quality
Management of Construction Projects, art. 40). A sale contract may promise longer ones; the review decides.
"""

from dataclasses import dataclass
from datetime import date

from services.tickets.events import Kind, Payer

HEATING_ENDS = (3, 31)  # of a season that began in the autumn before


@dataclass(frozen=True)
class Cover:
    """One item of the warranty: years, or seasons of heating or cooling; neither: as long as the building was designed for."""

    code: str
    zh: str
    en: str
    years: int | None = None
    seasons: int | None = None

    def until(self, accepted_on: date) -> date | None:
        """The last day; None: no end that we could reckon."""
        if self.years:
            return _years_later(accepted_on, self.years)
        if self.seasons:
            first = accepted_on.year + ((accepted_on.month, accepted_on.day) > HEATING_ENDS)
            return date(first + self.seasons - 1, *HEATING_ENDS)
        return None


STRUCTURE = Cover("structure", "地基基础和主体结构", "Foundations and main structure")
WATERPROOFING = Cover("waterproofing", "防水、防渗漏", "Waterproofing", years=5)
HEATING = Cover("heating", "供热与供冷系统", "Heating and cooling", seasons=2)
PIPES_AND_WIRES = Cover("pipes_and_wires", "电气管线、给排水管道和设备安装", "Wires, pipes and installations", years=2)
FIT_OUT = Cover("fit_out", "装修工程", "Fit-out", years=2)

BY_PROBLEM = {
    ("CIV", "roof_leak"): WATERPROOFING,
    ("CIV", "wall_seepage"): WATERPROOFING,
    ("CIV", "bathroom_leak"): WATERPROOFING,
    ("CIV", "crack"): STRUCTURE,
}
BY_CATEGORY = {
    "PLB": PIPES_AND_WIRES,
    "ELC": PIPES_AND_WIRES,
    "ELV": PIPES_AND_WIRES,
    "FIR": PIPES_AND_WIRES,
    "SEC": PIPES_AND_WIRES,
    "CIV": FIT_OUT,
    "HVA": HEATING,
}


@dataclass(frozen=True)
class Proposal:
    """Who would pay, and from what that follows."""

    payer: Payer | None
    covers: Cover | None
    accepted_on: date | None
    until: date | None


def cover_of(category: str | None, problem: str | None) -> Cover | None:
    return BY_PROBLEM.get((category, problem)) or BY_CATEGORY.get(category)


def propose(ticket, accepted_on: date | None, today: date) -> Proposal:
    """The developer within its warranty; else the owner for a home, and all together for what is common."""
    if ticket.kind is not Kind.REPAIR:
        return Proposal(None, None, accepted_on, None)
    cover = cover_of(ticket.category, ticket.problem)
    until = cover.until(accepted_on) if cover and accepted_on else None
    covered = bool(cover and accepted_on) and (until is None or today <= until)
    otherwise = Payer.OWNER if ticket.unit_id else Payer.COMMON
    return Proposal(Payer.DEVELOPER_WARRANTY if covered else otherwise, cover, accepted_on, until)


def _years_later(day: date, years: int) -> date:
    """The same day, or of a 29 February the day before."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
