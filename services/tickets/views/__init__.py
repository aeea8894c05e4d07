"""Door 1, HTTP: routes by act."""

from services.tickets.views import (
    analysis,
    answers,
    boards,
    confidences,
    dispatch,
    exports,
    incidents,
    owners,
    review,
    tickets,
    work,
)

blueprints = [
    tickets.blp,
    review.blp,
    dispatch.blp,
    work.blp,
    owners.blp,
    answers.blp,
    confidences.blp,
    analysis.blp,
    boards.blp,
    incidents.blp,
    exports.blp,
]
