"""How well a title fits an official: post against roles and dates, rank against career, country against country."""

from dataclasses import dataclass
from enum import IntEnum

from monitor.match.countries import country_name
from monitor.match.people import Person
from monitor.match.posts import Fit, Post, Title, fit_of, serves_abroad
from monitor.match.search import Search
from monitor.match.titles import Reading

_LEADERS = ("president", "premier", "gensec", "monarch")
COMMON_SHORTS = {"vietnamese", "chinese", "korean"}
"""Conventions whose short forms are shared by thousands: they need more evidence."""


class Score(IntEnum):
    """The weight of the evidence for one official; below ``LIKELY`` a part of a name is not enough."""

    AGAINST = 0
    NOTHING = 1
    ADDRESSED = 2
    RANKED = 3
    VAGUE = 4
    LIKELY = 5
    UNDATED = 6
    SURE = 7


@dataclass(frozen=True, slots=True)
class Weighed:
    """The evidence for one official: how strong, and in words."""

    owner: int
    score: Score
    reason: str


def weigh(search: Search, person: Person, before: Reading, after: Title) -> Weighed:
    """Weigh what stands before and after a part of a name for one official."""
    title = before.title
    fit, post = _best(search, person, title.posts)
    other, other_post = _best(search, person, after.posts)
    against = (
        _foreign(person, title, after)
        or _contradicted(search, person, title, fit, max(fit, other), post)
        or (person.index not in search.named and _belied(person, after, max(fit, other)))
    )
    if against:
        return Weighed(person.index, Score.AGAINST, against)
    if max(fit, other) >= Fit.UNDATED:
        return _by_post(search, person, max((fit, post), (other, other_post), key=lambda pair: pair[0]))
    if title.rank:
        return Weighed(person.index, Score.RANKED, f"the rank {' '.join(before.words[-3:])}")
    if person.country in title.countries and _leads(search, person):
        return Weighed(person.index, Score.LIKELY, f"named as {person.official.country}'s, whom he leads")
    if title.addressed or title.posts:
        return Weighed(person.index, Score.ADDRESSED, "addressed, by nothing that tells who")
    return Weighed(person.index, Score.NOTHING, "no title")


def _leads(search: Search, person: Person) -> bool:
    """Tell whether the official is head of state or government at the time, and his name not one of many."""
    fits = (fit_of(Post(head), role, search.when) for head in _LEADERS for role in person.official.roles)
    return person.shape.convention not in COMMON_SHORTS and max(fits, default=Fit.NO) >= Fit.UNDATED


def _foreign(person: Person, title: Title, after: Title) -> str:
    """Tell whether a title is of another country than the official's; an envoy's may be where he serves."""
    if not person.country or any(map(serves_abroad, title.posts + after.posts)):
        return ""
    for lands in (title.countries, after.countries):
        if lands and person.country not in lands:
            named = ", ".join(map(country_name, sorted(lands)))
            return f"the title is of {named}, not of {person.official.country}"
    return ""


def _contradicted(search: Search, person: Person, title: Title, fit: Fit, best: Fit, post: Post) -> str:
    """Tell whether the title before a name is one that the official does not hold, or not at the time.

    Configured roles are rarely all: of somebody named in the text, a rare name says more than an unknown post.
    """
    known = person.index in search.named
    rare = known and person.shape.convention not in COMMON_SHORTS
    if title.rank and not person.soldierly and not rare:
        return f"no role of {person.official.name} is of the army or police"
    if not title.posts or not person.posts or best >= Fit.UNDATED:
        return ""
    if rare:
        return ""
    if fit is Fit.OTHER_TIME:
        return f"{_show((post,))} at another time than {search.when}"
    if all(one.vague or one.head == "member" or (one.former and known) for one in title.posts):
        return ""
    return f"no role of {person.official.name} is {_show(title.posts)}"


def _belied(person: Person, after: Title, best: Fit) -> str:
    """Tell whether the apposition after a name is one that the official does not hold."""
    if not after.posts or not person.posts or best is not Fit.NO or all(one.vague for one in after.posts):
        return ""
    return f"no role of {person.official.name} is {_show(after.posts)}"


def _by_post(search: Search, person: Person, best: tuple[Fit, Post]) -> Weighed:
    """Weigh a fitting post by how much it says and whether the text speaks of the official's country."""
    fit, post = best
    at_home = not person.country or person.country in post.countries or person.country in search.lands
    if not at_home and search.lands and (post.vague or person.shape.convention in COMMON_SHORTS):
        return Weighed(person.index, Score.VAGUE, f"{_show((post,))}, in a text about other countries")
    if post.vague:
        score = Score.LIKELY if at_home else Score.VAGUE
        return Weighed(person.index, score, f"{_show((post,))}, which says little")
    if fit is Fit.UNDATED:
        return Weighed(person.index, Score.UNDATED, f"{_show((post,))} fits a role of unknown time")
    return Weighed(person.index, Score.SURE, f"{_show((post,))} fits the role held at the time")


def _best(search: Search, person: Person, posts: tuple[Post, ...]) -> tuple[Fit, Post]:
    best, chosen = Fit.NO, posts[0] if posts else Post("")
    for post in posts:
        for role in person.official.roles:
            if (fit := fit_of(post, role, search.when)) > best:
                best, chosen = fit, post
    return best, chosen


def _show(posts: tuple[Post, ...]) -> str:
    """Return posts in words, for the reason of a decision."""
    return " and ".join(
        " ".join(
            part
            for part in ("former" * post.former, "deputy" * post.deputy, " ".join(sorted(post.domains)), post.head)
            if part
        )
        for post in posts
    )
