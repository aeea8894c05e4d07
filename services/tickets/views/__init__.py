"""Door 1, HTTP: routes by act."""

from services.tickets.views import (
    analysis,
    answers,
    boards,
    callbacks,
    confidences,
    contractors,
    dispatch,
    exports,
    guests,
    incidents,
    owners,
    quotes,
    review,
    taxonomy,
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
    quotes.blp,
    callbacks.blp,
    analysis.blp,
    boards.blp,
    incidents.blp,
    taxonomy.blp,
    exports.blp,
    contractors.blp,
    guests.blp,
]
