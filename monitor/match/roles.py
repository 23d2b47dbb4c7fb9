"""Posts without a name: "the Lao Defence Minister" is whoever held the post when the article was written."""

from collections.abc import Iterable

from monitor.domain.mention import MatchForm
from monitor.match.countries import country_words
from monitor.match.hits import Candidate
from monitor.match.honorifics import title_words
from monitor.match.posts import RoleFit, Title, parse_title, rate_role_fit
from monitor.match.search import MatchContext
from monitor.match.titles import TITLE_WORD_PATTERN

_WORD_GAPS = {" ", "-", "'s ", "' "}


def decide_positions(context: MatchContext, official_indexes: Iterable[int]) -> None:
    """Find posts that stand for one of these officials: dated, of his country, and followed by no name."""
    if context.article_date is None:
        return
    asked = tuple(official_indexes)
    for start, end, title in _find_titles(context.article_text.cased):
        if any(start < found.end and found.start <= end + 2 for found in context.accepted):
            continue
        holders = [owner for owner in asked if _is_holder(context, owner, title)]
        if len(holders) == 1:
            context.accept(
                holders[0],
                Candidate(start, end, (holders[0],)),
                MatchForm.POSITION,
                0.6,
                f"the post as held on {context.article_date}",
            )


def _find_titles(cased: str) -> Iterable[tuple[int, int, Title]]:
    """Yield each run of title words that names a post and leads up to no other capitalised word."""
    run: list[tuple[int, int, str]] = []
    for match in TITLE_WORD_PATTERN.finditer(cased):
        word = match.group().lower()
        known = word in title_words() or word in country_words()
        joined = bool(run) and cased[run[-1][1] : match.start()] in _WORD_GAPS
        if run and not (known and joined):
            if not (joined and match.group()[0].isupper()):
                yield from _finish_run(run)
            run = []
        if known:
            run.append((match.start(), match.end(), word))
    yield from _finish_run(run)


def _finish_run(run: list[tuple[int, int, str]]) -> Iterable[tuple[int, int, Title]]:
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
    if run and (title := parse_title(tuple(word for _, _, word in run))).positions:
        yield run[0][0], run[-1][1], title


def _is_holder(context: MatchContext, official_index: int, title: Title) -> bool:
    """Tell whether an official held the post named, in the country named, at the time of the article."""
    person = context.name_index.prepared_official(official_index)
    if person.country not in title.countries or title.rank:
        return False
    posts = [post for post in title.positions if not post.is_vague and not post.is_former]
    return any(
        rate_role_fit(post, role, context.article_date) is RoleFit.CURRENT
        for post in posts
        for role in person.official.roles
    )
