"""Successions: changes in who holds the posts of watched officials, as several independent outlets report them."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from monitor.domain.article import StoredArticle
from monitor.domain.configuration import Configuration
from monitor.domain.mention import Mention
from monitor.domain.succession import Announcement, ReportedStatement, StatementKind
from monitor.domain.watchlist import Official
from monitor.insight.person_names import is_same_name
from monitor.insight.post_statements import StatementFinder
from monitor.match.names.coverage import find_script
from monitor.store.database import Database
from monitor.store.successions import SearchBatch
from monitor.text.fold import fold_words
from monitor.text.sanitize import single_line
from monitor.text.tokens import find_sentence

LOOKBACK = timedelta(days=30)
"""Maximum age of an article that is searched for statements about posts. Older statements do not count as evidence of a
succession."""
MIN_OUTLETS = 2
MAX_PASSAGES = 3
MAX_NOTICE_CHARS = 600
"""Maximum number of characters of a notice about a succession. Longer passages in it are shortened."""
_PASSAGE_FRAME_CHARS, _MIN_PASSAGE_CHARS = 6, 40
_BATCH_ARTICLES = 300
_PLAIN_TITLE = re.compile(r"[^\W\d_](?:[\w '&/-]*\w)?")
"""Pattern of a title that can be written in a YAML file without quotation marks."""


class Succession(Struct, frozen=True):
    """A post of a watched official that may have changed hands.

    - ``kind`` states whether another person holds the post, the official has left it, or the official has a new post.
    - ``person`` is the other person who may hold the post. It is empty for the two other kinds.
    - ``post`` is the post as text.
    - ``since`` is the day of the first article that reports the change.
    - ``outlets`` are the independent outlets: outlets that did not print the same text.
    - ``statements`` are the evidence: first one statement of each independent outlet, then all further statements.
    - ``yaml_line`` is the entry to write under ``roles:`` in sources.yaml.
    """

    official: Official
    kind: StatementKind
    person: str
    post: str
    since: date
    outlets: tuple[str, ...]
    statements: tuple[ReportedStatement, ...]
    yaml_line: str

    @property
    def headline(self) -> str:
        """A sentence that states what may have changed."""
        name = self.official.name
        if self.kind is StatementKind.HOLDER:
            return f"{self.person} may now hold the post of {name}: {self.post}."
        if self.kind is StatementKind.LEFT:
            return f"{name} may no longer hold the post: {self.post}."
        return f"{name} may now hold another post: {self.post}."

    @property
    def shown_statements(self) -> tuple[ReportedStatement, ...]:
        """The first statement of each independent outlet, for at most ``MAX_PASSAGES`` outlets."""
        return self.statements[: min(MAX_PASSAGES, len(self.outlets))]

    @property
    def announcement(self) -> Announcement:
        """The record of this succession that is stored when a digest has announced it."""
        return Announcement(self.official.id, self.kind, self.person, self.post)


async def search_statements(database: Database, configuration: Configuration, now: datetime) -> int:
    """Search new articles for statements about the posts of all watched officials, and store the statements.

    New articles are the ones that were not searched yet. Return the number of searched articles.
    """
    finder = StatementFinder(configuration.watchlist.officials)
    homes = {source.id: source.country for source in configuration.sources}
    count = 0
    while True:
        batch = await database.read(database.successions.load_batch, _BATCH_ARTICLES, now - LOOKBACK)
        found = await database.read(find_in_batch, database, finder, batch, homes)
        await database.run(database.successions.save, batch, found, now)
        count += len(batch.articles)
        if batch.is_last:
            return count


def find_in_batch(
    database: Database, finder: StatementFinder, batch: SearchBatch, homes: Mapping[str, str]
) -> list[ReportedStatement]:
    """Return the statements about posts in the articles of a batch."""
    mentions = database.successions.load_mentions([stored.id for stored in batch.articles])
    return [
        reported
        for stored in batch.articles
        if stored.is_alertable and finder.may_concern(stored.article, mentions.get(stored.id, ()))
        for reported in _find_in_article(finder, stored, mentions, homes.get(stored.source_id, ""))
    ]


def _find_in_article(
    finder: StatementFinder, stored: StoredArticle, mentions: Mapping[int, Sequence[Mention]], home: str
) -> Iterable[ReportedStatement]:
    on = (stored.article.published_at or stored.first_seen_at).date()
    texts = dict(stored.article.regions())
    for one in finder.find(stored.article, mentions.get(stored.id, ()), on, home):
        start, end = find_sentence(texts[one.region], one.start, one.end)
        yield ReportedStatement(
            one.official_id,
            one.kind,
            one.person,
            one.post,
            one.is_direct,
            texts[one.region][start:end],
            stored.first_seen_at,
            stored.id,
            stored.duplicate_of or stored.id,
            stored.source_id,
            stored.source_id,
            stored.article.title,
            stored.article.url,
        )


def find_successions(
    statements: Iterable[ReportedStatement], officials: Iterable[Official], today: date
) -> list[Succession]:
    """Return the successions that at least two independent outlets report, the newest first.

    In a succession, a post passes to another person, or an official leaves a post or gets a new one. Outlets with the
    same text count as one. A statement about a role does not count if the role has ended according to sources.yaml.
    """
    by_official: dict[str, list[ReportedStatement]] = defaultdict(list)
    for one in statements:
        by_official[one.official_id].append(one)
    found = [
        succession
        for official in officials
        if official.id in by_official
        for succession in _find_for_official(official, by_official[official.id], today)
    ]
    return sorted(found, key=lambda one: (-one.since.toordinal(), one.official.id))


def _find_for_official(
    official: Official, statements: Sequence[ReportedStatement], today: date
) -> Iterable[Succession]:
    current = {role.title: role for role in official.roles if role.until_on is None or role.until_on > today}
    by_post: dict[tuple[bool, str], list[ReportedStatement]] = defaultdict(list)
    for one in statements:
        is_new = one.kind is StatementKind.NEW_POST
        if is_new or one.post in current:
            by_post[is_new, one.post].append(one)
    for (is_new, post), some in by_post.items():
        if is_new:
            if count_outlets(some) >= MIN_OUTLETS and not _is_configured(official, post):
                yield _build(official, StatementKind.NEW_POST, "", post, some)
            continue
        clusters = _cluster_by_person([one for one in some if one.kind is StatementKind.HOLDER])
        accepted = [cluster for cluster in clusters if count_outlets(cluster) >= MIN_OUTLETS]
        for cluster in accepted:
            yield _build(official, StatementKind.HOLDER, _choose_name(cluster), post, cluster)
        direct = [one for one in some if one.is_direct]
        has_left = any(one.kind is StatementKind.LEFT for one in some)
        if not accepted and has_left and count_outlets(direct) >= MIN_OUTLETS:
            yield _build(official, StatementKind.LEFT, "", post, direct)


def _is_configured(official: Official, post: str) -> bool:
    return any(fold_words(role.title) == fold_words(post) for role in official.roles)


def count_outlets(statements: Iterable[ReportedStatement]) -> int:
    """Return the number of independent outlets that made these statements.

    Outlets that printed the same text count as one.
    """
    statements = list(statements)
    return min(len({one.source_id for one in statements}), len({one.original_id for one in statements}))


def _cluster_by_person(statements: Sequence[ReportedStatement]) -> list[list[ReportedStatement]]:
    """Return the statements grouped by the person that they name.

    Names in different scripts cannot be compared. Two groups in different scripts are therefore taken for one person if
    both have a statement that the person is new in the post.
    """
    clusters: list[list[ReportedStatement]] = []
    for one in sorted(statements, key=lambda one: -len(one.person)):
        home = next((some for some in clusters if is_same_name(some[0].person, one.person)), None)
        if home is None:
            clusters.append([one])
        else:
            home.append(one)
    clusters.sort(key=len, reverse=True)
    kept: list[list[ReportedStatement]] = []
    for cluster in clusters:
        script = find_script(cluster[0].person)
        host = next(
            (
                some
                for some in kept
                if script not in {find_script(one.person) for one in some}
                and any(one.is_direct for one in some)
                and any(one.is_direct for one in cluster)
            ),
            None,
        )
        if host is None:
            kept.append(list(cluster))
        else:
            host += cluster
    return kept


def _choose_name(cluster: Sequence[ReportedStatement]) -> str:
    """Return the name to print for a group of statements: the most frequent name, if possible one in Latin letters."""
    counts: dict[str, int] = defaultdict(int)
    for one in cluster:
        counts[one.person] += 1
    return max(counts, key=lambda name: (find_script(name) == "Latin", counts[name], len(name), name))


def _build(
    official: Official, kind: StatementKind, person: str, post: str, statements: Sequence[ReportedStatement]
) -> Succession:
    ordered = sorted(statements, key=lambda one: (not one.is_direct, one.seen_at, one.article_id))
    first: dict[str, ReportedStatement] = {}
    originals: set[int] = set()
    for one in ordered:
        if one.source_id not in first and one.original_id not in originals:
            first[one.source_id] = one
            originals.add(one.original_id)
    rest = [one for one in ordered if one not in first.values()]
    since = min(one.seen_at for one in statements).date()
    return Succession(
        official,
        kind,
        person,
        post,
        since,
        tuple(one.outlet for one in first.values()),
        (*first.values(), *rest),
        format_role(official, post, since, is_new=kind is StatementKind.NEW_POST),
    )


def format_role(official: Official, post: str, on: date, *, is_new: bool) -> str:
    """Return the entry to write under ``roles:`` in sources.yaml: a role that begins or ends on a day.

    The role begins if ``is_new`` is true, otherwise it ends.
    """
    role = next((one for one in official.roles if one.title == post), None)
    title = post if _PLAIN_TITLE.fullmatch(post) else json.dumps(post, ensure_ascii=False)
    dates = [f"until: {on}"]
    if is_new:
        dates = [f"from: {on}"]
    elif role is not None and role.from_on is not None:
        dates.insert(0, f"from: {role.from_on}")
    return f"- {{{', '.join((f'title: {title}', *dates))}}}"


def is_announced(succession: Succession, announced: Iterable[Announcement]) -> bool:
    """Return whether a digest has already announced a succession, even with another spelling of the person's name.

    If a digest has announced that another person holds a post, it need not announce that the official has left it.
    """
    for one in announced:
        if one.official_id != succession.official.id or one.post != succession.post:
            continue
        if succession.kind is StatementKind.LEFT and one.kind is not StatementKind.NEW_POST:
            return True
        if one.kind is succession.kind and (
            is_same_name(one.person, succession.person)
            or one.person == succession.person
            or find_script(one.person) != find_script(succession.person)
        ):
            return True
    return False


def format_succession(succession: Succession) -> str:
    """Return the notice about a succession.

    It states what may have changed, gives the entry to write under ``roles:`` in sources.yaml, and quotes the passages
    of articles that report the change. The passages are shortened, so that the notice has at most ``MAX_NOTICE_CHARS``
    characters.
    """
    verb = "add a role of" if succession.kind is StatementKind.NEW_POST else "change the role of"
    advice = f"If this is right, {verb} {succession.official.id} in sources.yaml: {succession.yaml_line}"
    shown = succession.shown_statements
    head = f"{succession.headline} {advice}"
    room = (MAX_NOTICE_CHARS - len(head)) // len(shown) - _PASSAGE_FRAME_CHARS
    passages = (
        f"{one.outlet}: “{single_line(one.passage, max(_MIN_PASSAGE_CHARS, room - len(one.outlet)))}”" for one in shown
    )
    return " ".join((head, *passages))
