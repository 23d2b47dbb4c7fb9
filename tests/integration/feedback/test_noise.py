"""The report on noise counts what was found and what readers rejected."""

from datetime import timedelta

from support.feedback_desk import ADA, BEN, HARBOUR, ORCHARD, FeedbackDesk

from monitor.domain.watchlist import Rule, Watchlist
from monitor.feedback.noise import NoiseReport, build_noise_report

ALIASED = Watchlist(
    (
        ADA.__class__(ADA.id, ADA.name, ADA.country, aliases=("Countess of Northport", "Lady Byron")),
        BEN,
    ),
    (Rule("people", ("ada", "ben")), Rule("silent", ("ben",), sources=("nowhere",))),
)
COUNTESS = "The Countess of Northport drank her tea alone. It had rained on the garden since the early morning hours."


def build(desk: FeedbackDesk) -> NoiseReport:
    """Build the report of the last year."""
    since = desk.now - timedelta(days=365)
    noise = desk.database.noise
    return build_noise_report(ALIASED, noise.count_rules(since), noise.list_name_uses(since))


def test_rules_officials_forms_and_aliases_are_counted(desk: FeedbackDesk) -> None:
    """The most rejected first; an alias that was only rejected, and one that was never found, are named."""
    desk.configure(ALIASED)
    desk.add(HARBOUR)
    desk.add(ORCHARD, "Apples")
    desk.reject(desk.add(COUNTESS, "Tea"), "ada")
    report = build(desk)
    assert [(one.rule_id, one.found, one.rejected) for one in report.rules] == [("people", 3, 1), ("silent", 0, 0)]
    assert [(one.official_id, one.rejected) for one in report.officials] == [("ada", 1), ("ben", 0)]
    forms = {(one.official_id, one.text): (one.found, one.rejected, one.forms) for one in report.forms}
    assert forms["ada", "Countess of Northport"] == (1, 1, set())
    assert forms["ada", "Ada Lovell"] == (1, 0, {"full"})
    assert [one.text for one in report.always_rejected] == ["Countess of Northport"]
    assert [one.text for one in report.never_found] == ["Lady Byron"]


def test_an_article_counts_once_for_an_official(desk: FeedbackDesk) -> None:
    """Although it has the full name and two other forms; and a rejected mention leaves it one article."""
    desk.configure(ALIASED)
    text = "ADA LOVELL spoke first. Ada Lovell then left. Lovell was followed by Minister Lovell's staff."
    article = desk.add(text, "Notes")
    assert [(one.found, one.rejected) for one in build(desk).officials] == [(1, 0), (0, 0)]
    desk.reject(article, "ada")
    assert [(one.found, one.rejected) for one in build(desk).officials] == [(1, 1), (0, 0)]
    assert {one.found for one in build(desk).forms} == {1}
