"""Posts without a name: "the Lao Defence Minister" is whoever held the post when the article was written."""

from collections.abc import Iterable

from monitor.domain.mention import Form
from monitor.match.countries import country_words
from monitor.match.hits import Seen
from monitor.match.honorifics import title_words
from monitor.match.posts import Fit, Title, fit_of, read_title
from monitor.match.search import Search
from monitor.match.titles import WORD

_BETWEEN = {" ", "-", "'s ", "' "}


def find_roles(search: Search, owners: Iterable[int]) -> None:
    """Find posts that stand for one of these officials: dated, of his country, and followed by no name."""
    if search.when is None:
        return
    asked = tuple(owners)
    for start, end, title in _titles(search.page.cased):
        if any(start < found.end and found.start <= end + 2 for found in search.found):
            continue
        holders = [owner for owner in asked if _holds(search, owner, title)]
        if len(holders) == 1:
            search.accept(
                holders[0], Seen(start, end, (holders[0],)), Form.ROLE, 0.6, f"the post as held on {search.when}"
            )


def _titles(cased: str) -> Iterable[tuple[int, int, Title]]:
    """Yield each run of title words that names a post and leads up to no other capitalised word."""
    run: list[tuple[int, int, str]] = []
    for match in WORD.finditer(cased):
        word = match.group().lower()
        known = word in title_words() or word in country_words()
        joined = bool(run) and cased[run[-1][1] : match.start()] in _BETWEEN
        if run and not (known and joined):
            if not (joined and match.group()[0].isupper()):
                yield from _ended(run)
            run = []
        if known:
            run.append((match.start(), match.end(), word))
    yield from _ended(run)


def _ended(run: list[tuple[int, int, str]]) -> Iterable[tuple[int, int, Title]]:
    while run and run[0][2] in {"the", "a", "an", "of", "and", "to", "in", "by", "for", "his", "her", "their"}:
        run = run[1:]
    while run and run[-1][2] in {
        "the",
        "a",
        "an",
        "of",
        "and",
        "to",
        "in",
        "by",
        "for",
        "who",
        "is",
        "was",
        "at",
        "on",
    }:
        run = run[:-1]
    if run and (title := read_title(tuple(word for _, _, word in run))).posts:
        yield run[0][0], run[-1][1], title


def _holds(search: Search, owner: int, title: Title) -> bool:
    """Tell whether an official held the post named, in the country named, at the time of the article."""
    person = search.roster.person(owner)
    if person.country not in title.countries or title.rank:
        return False
    posts = [post for post in title.posts if not post.vague and not post.former]
    return any(fit_of(post, role, search.when) is Fit.NOW for post in posts for role in person.official.roles)
