"""Choosing how an estate sends people out."""

from chassis.errors import Invalid, Stale
from chassis.i18n import Sentence
from services.tickets.model import DispatchPolicy, Estate, own_taxonomy

UNKNOWN = Sentence("Choose codes of the taxonomy, or “*” for all.", "请从分类表中选择代码，或用“*”表示全部。")


def put_policy(work, estate_id, *, automatic, **rest) -> DispatchPolicy:
    """Replace the estate's policy; it holds for whatever is accepted from now on."""
    estate = work.find(Estate, estate_id)
    known = own_taxonomy.current(work)
    if not all(code == "*" or known.category(code) for code in automatic):
        raise Invalid(errors={"automatic": [UNKNOWN]})
    policy = _own(work, estate)
    policy.change(automatic=sorted(set(automatic)), **rest)
    return policy


def _own(work, estate: Estate) -> DispatchPolicy:
    if work.get(DispatchPolicy, estate.id):
        return work.take(DispatchPolicy, estate.id)
    if work.if_match:  # what they read had version 0
        raise Stale()
    return work.add(DispatchPolicy(id=estate.id, operator_id=estate.operator_id, estate_id=estate.id))
