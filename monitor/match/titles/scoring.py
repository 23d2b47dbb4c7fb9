"""Score of the titles next to a name: how strongly they show that an official is meant.

Position, dates, rank and country of the titles are compared with the roles of the official.
"""

from monitor.language.countries import format_country_name
from monitor.match.context import ArticleFacts
from monitor.match.names.index import PreparedOfficial
from monitor.match.titles.parser import PrecedingTitle
from monitor.match.titles.positions import (
    Position,
    RoleFit,
    Title,
    describe_positions,
    is_diplomatic,
    rate_role_fit,
)
from monitor.match.types import EvidenceStrength, TitleScore
from monitor.match.vocabulary import naming_convention

_LEADER_HEADS = ("president", "premier", "gensec", "monarch")


def score_title(
    facts: ArticleFacts, prepared: PreparedOfficial, before: PrecedingTitle, after: Title, *, is_mentioned: bool
) -> TitleScore:
    """Return how strongly the titles before and after a name show that the name means one official.

    Configured roles are rarely complete. If the official is already mentioned in the article, some differences between
    titles and roles are therefore not treated as a contradiction.
    """
    title = before.title
    fit, position = _find_best_position(facts, prepared, title.positions)
    other, other_position = _find_best_position(facts, prepared, after.positions)
    against = (
        _explain_foreign_title(prepared, title, after)
        or _explain_contradiction(facts, prepared, title, (fit, position), max(fit, other), is_mentioned=is_mentioned)
        or (not is_mentioned and _explain_contradicting_apposition(prepared, after, max(fit, other)))
    )
    if against:
        return TitleScore(prepared.index, EvidenceStrength.CONTRADICTED, against)
    if max(fit, other) >= RoleFit.UNDATED:
        return _score_position(facts, prepared, max((fit, position), (other, other_position), key=lambda pair: pair[0]))
    if title.rank:
        return TitleScore(prepared.index, EvidenceStrength.RANKED, f"rank: {' '.join(before.words[-3:])}")
    if prepared.country in title.countries and _is_leader(facts, prepared):
        return TitleScore(
            prepared.index,
            EvidenceStrength.LIKELY,
            f"the title names {prepared.official.country}, which the official leads",
        )
    if title.is_addressed or title.positions:
        return TitleScore(
            prepared.index, EvidenceStrength.ADDRESSED, "a form of address or position that fits many people"
        )
    return TitleScore(prepared.index, EvidenceStrength.NO_EVIDENCE, "no title")


def _is_leader(facts: ArticleFacts, prepared: PreparedOfficial) -> bool:
    """Return whether the official is a leader, such as a president, on the date of the article.

    A role without dates counts. The result is always False for an official whose short name may be shared by thousands
    of people.
    """
    fits = (
        rate_role_fit(Position(head), role, facts.article_date)
        for head in _LEADER_HEADS
        for role in prepared.official.roles
    )
    return (
        not naming_convention(prepared.name_parts.convention).common_short_forms
        and max(fits, default=RoleFit.NO_MATCH) >= RoleFit.UNDATED
    )


def _explain_foreign_title(prepared: PreparedOfficial, title: Title, after: Title) -> str:
    """Return the reason why a title belongs to a country other than the official's, or an empty string.

    The result is always empty for a diplomatic position, because its country may be the host country.
    """
    if not prepared.country or any(map(is_diplomatic, title.positions + after.positions)):
        return ""
    for countries in (title.countries, after.countries):
        if countries and prepared.country not in countries:
            named = ", ".join(map(format_country_name, sorted(countries)))
            return f"the title names {named}, not {prepared.official.country}"
    return ""


def _explain_contradiction(
    facts: ArticleFacts,
    prepared: PreparedOfficial,
    title: Title,
    fit_before: tuple[RoleFit, Position],
    best_fit: RoleFit,
    *,
    is_mentioned: bool,
) -> str:
    """Return the reason why the title before a name contradicts the official's roles, or an empty string.

    Configured roles are rarely complete. If the official is already mentioned in the article, a different title is
    therefore not a contradiction, unless thousands of people may share the official's short name.
    """
    fit, position = fit_before
    rare = is_mentioned and not naming_convention(prepared.name_parts.convention).common_short_forms
    if title.rank and not prepared.can_hold_rank and not rare:
        return f"{prepared.official.name} has no role in the army or police"
    if not title.positions or not prepared.positions or best_fit >= RoleFit.UNDATED:
        return ""
    if rare:
        return ""
    if fit is RoleFit.OTHER_TIME:
        return f"{describe_positions((position,))}, not held on {facts.article_date}"
    if all(one.is_vague or one.head == "member" or (one.is_former and is_mentioned) for one in title.positions):
        return ""
    return f"{prepared.official.name} has no role as {describe_positions(title.positions)}"


def _explain_contradicting_apposition(prepared: PreparedOfficial, after: Title, best_fit: RoleFit) -> str:
    """Return the reason why the position after a name contradicts the official's roles, or an empty string."""
    if (
        not after.positions
        or not prepared.positions
        or best_fit is not RoleFit.NO_MATCH
        or all(one.is_vague for one in after.positions)
    ):
        return ""
    return f"{prepared.official.name} has no role as {describe_positions(after.positions)}"


def _score_position(facts: ArticleFacts, prepared: PreparedOfficial, best_fit: tuple[RoleFit, Position]) -> TitleScore:
    """Return the score of a position that fits a role of the official.

    The score is lower for a position that many people hold, for a role without dates, and in an article about other
    countries.
    """
    fit, position = best_fit
    at_home = not prepared.country or prepared.country in position.countries or prepared.country in facts.country_counts
    if (
        not at_home
        and facts.country_counts
        and (position.is_vague or naming_convention(prepared.name_parts.convention).common_short_forms)
    ):
        return TitleScore(
            prepared.index,
            EvidenceStrength.VAGUE,
            f"{describe_positions((position,))}, in a text about other countries",
        )
    if position.is_vague:
        score = EvidenceStrength.LIKELY if at_home else EvidenceStrength.VAGUE
        return TitleScore(prepared.index, score, f"{describe_positions((position,))}, a position that many people hold")
    if fit is RoleFit.UNDATED:
        return TitleScore(
            prepared.index, EvidenceStrength.UNDATED, f"{describe_positions((position,))} fits a role without dates"
        )
    return TitleScore(
        prepared.index,
        EvidenceStrength.CERTAIN,
        f"{describe_positions((position,))} fits the role held on the date of the article",
    )


def _find_best_position(
    facts: ArticleFacts, prepared: PreparedOfficial, positions: tuple[Position, ...]
) -> tuple[RoleFit, Position]:
    best, chosen = RoleFit.NO_MATCH, positions[0] if positions else Position("")
    for position in positions:
        for role in prepared.official.roles:
            if (fit := rate_role_fit(position, role, facts.article_date)) > best:
                best, chosen = fit, position
    return best, chosen
