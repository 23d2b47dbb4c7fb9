"""Features computed in advance: packing does not change them, and grouping gives the same result with them."""

import pickle
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article
from monitor.domain.grouping import Placement
from monitor.stories.features import Vocabulary
from monitor.stories.fingerprints import (
    ArticleFeatures,
    GroupingText,
    extract_grouping_text,
    pack_features,
    unpack_features,
)
from monitor.stories.grouping import Grouper, IncomingArticle, sort_articles
from monitor.stories.grouping_window import StoryWindow

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
WORDS = st.sampled_from(
    [
        "Minister",
        "Keo",
        "Somphone",
        "opened",
        "the",
        "bridge",
        "of",
        "Nam",
        "Ou",
        "on",
        "March",
        "5",
        "and",
        "7",
        "May,",
        "41",
        "million",
    ]
)
PROSE = st.lists(WORDS, max_size=80).map(" ".join) | st.text(st.characters(), max_size=40)
TIMES = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - naive bounds
LANGUAGES = st.sampled_from(["", "en", "lo"])
TEXTS = st.builds(GroupingText, PROSE, PROSE, PROSE, st.none() | TIMES, LANGUAGES)


def describe(features: ArticleFeatures) -> tuple[object, ...]:
    """Return all values of the features, arrays as lists with their types."""
    terms = features.term_features
    arrays = (terms.hashes, terms.counts, terms.kinds)
    return (
        features.fingerprints,
        features.normalized_text,
        [(one.dtype, one.tolist()) for one in arrays],
        (terms.days, terms.published_at, terms.word_count, terms.has_explicit_days),
    )


@given(st.lists(TEXTS, max_size=5))
def test_packing_does_not_change_features(texts: list[GroupingText]) -> None:
    """Features computed in a batch, packed, pickled and unpacked equal the ones computed from each article."""
    sent = pickle.loads(pickle.dumps(pack_features(texts)))
    assert [describe(features) for features in unpack_features(sent, texts)] == [
        describe(ArticleFeatures(text)) for text in texts
    ]


def test_a_packed_batch_is_small() -> None:
    """It is not many times the size of the text, because the normalized text is not transferred."""
    rng = np.random.default_rng(7)
    bodies = [" ".join(f"w{n}" for n in rng.integers(0, 5000, 500).tolist()) for _ in range(50)]
    packed = pack_features([GroupingText("Title", "", body, NOON) for body in bodies])
    assert len(pickle.dumps(packed)) < sum(map(len, bodies))


@given(st.lists(PROSE, min_size=1, max_size=12), st.integers(1, 12))
def test_features_computed_in_advance_give_the_same_placements(bodies: list[str], size: int) -> None:
    """Duplicates and stories are the same whether features were computed in advance or during grouping."""
    articles = [
        Article(f"https://a.example/{place}", title=body[:20], body=body, published_at=NOON + timedelta(hours=place))
        for place, body in enumerate(bodies + bodies)
    ]
    ordered = [article for _, article in sort_articles((str(place), one) for place, one in enumerate(articles))]

    def placed(*, ahead: bool) -> list[Placement]:
        window, vocabulary, members = StoryWindow(), Vocabulary(), list[Placement]()

        def load(number: int) -> tuple[Placement, str, str]:
            return members[number], ordered[number].title, ordered[number].body

        for start in range(0, len(ordered), size):
            batch = ordered[start : start + size]
            texts = [extract_grouping_text(article) for article in batch]
            sketches = unpack_features(pack_features(texts), texts) if ahead else [None] * len(batch)
            comers = [
                IncomingArticle(number, article, f"s{number}", features)
                for number, (article, features) in enumerate(zip(batch, sketches, strict=True), start)
            ]
            index = window.begin(load)
            members += Grouper(index, vocabulary).place(comers)
            changes = index.changes()
            window.load(changes.articles, changes.stories)
        return members

    assert placed(ahead=True) == placed(ahead=False)
