"""The head office hears of a month's figures."""

from datetime import date

from services.notify.reactions import analysis
from services.notify.tests.factories import EN, ZH, a_colleague, an_estate, hear, messages, told


def test_the_head_office_is_told_of_a_month_and_of_its_bottleneck(notify):
    place = an_estate(notify)
    head = a_colleague(notify, place, "head_office", scope="operator")
    abroad = a_colleague(notify, place, "head_office", scope="operator", language=EN)
    step = analysis.Bottleneck(kind="repair", stage="dispatch", share=612, p90_minutes=840)
    hear(notify, place, a_month(bottlenecks=[step], told=[head, abroad]))
    assert told(notify) == {(head, "tickets.analysis.published", ZH), (abroad, "tickets.analysis.published", EN)}
    assert "报修耗时最多的环节是派单，占 61%" in messages(notify, head)[0].body
    assert "goes into dispatch: 61 %" in messages(notify, abroad)[0].body


def test_a_month_in_which_nothing_was_done_names_no_bottleneck(notify):
    place = an_estate(notify)
    head = a_colleague(notify, place, "head_office", scope="operator")
    hear(notify, place, a_month(bottlenecks=[], told=[head]))
    assert "耗时" not in messages(notify, head)[0].body


def a_month(**facts) -> analysis.AnalysisPublished:
    return analysis.AnalysisPublished(month=date(2026, 11, 1), ended=412, breached=31, low_ratings=4, **facts)
