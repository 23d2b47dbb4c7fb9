"""What is read of articles ahead: packed and unpacked it is the same, and grouping comes out the same with it."""

import pickle
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article
from monitor.stories.features import Vocabulary
from monitor.stories.fingerprints import (
    ArticleFeatures,
    GroupingText,
    extract_grouping_text,
    pack_features,
    unpack_features,
)
from monitor.stories.grouping import Grouper, IncomingArticle, MemoryGroupingIndex, sort_articles

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
TEXTS = st.tuples(PROSE, PROSE, PROSE, st.none() | st.datetimes(timezones=st.just(UTC)))


def told(sketch: ArticleFeatures) -> tuple[object, ...]:
    """Return all that a sketch tells, arrays as lists with their types."""
    features = sketch.term_features
    arrays = (features.hashes, features.counts, features.name_flags)
    return (
        sketch.fingerprints,
        sketch.normalized_text,
        [(one.dtype, one.tolist()) for one in arrays],
        (features.days, features.published_at, features.word_count, features.has_explicit_days),
    )


@given(st.lists(TEXTS, max_size=5))
def test_packing_changes_nothing(texts: list[GroupingText]) -> None:
    """Read in a batch, packed, sent and unpacked, an article's prints and features are as if read by itself."""
    sent = pickle.loads(pickle.dumps(pack_features(texts)))
    assert [told(sketch) for sketch in unpack_features(sent, texts)] == [told(ArticleFeatures(text)) for text in texts]


def test_a_packed_batch_is_small() -> None:
    """What travels is not many times the text: the text itself, ready for comparison, stays behind."""
    rng = np.random.default_rng(7)
    bodies = [" ".join(f"w{n}" for n in rng.integers(0, 5000, 500).tolist()) for _ in range(50)]
    packed = pack_features([("Title", "", body, NOON) for body in bodies])
    assert len(pickle.dumps(packed)) < sum(map(len, bodies))


@given(st.lists(PROSE, min_size=1, max_size=12), st.integers(1, 12))
def test_prepared_articles_find_the_same_places(bodies: list[str], size: int) -> None:
    """Copies and stories are the same whether articles were read ahead or are read when they are placed."""
    articles = [
        Article(f"https://a.example/{place}", title=body[:20], body=body, published_at=NOON + timedelta(hours=place))
        for place, body in enumerate(bodies + bodies)
    ]
    ordered = [article for _, article in sort_articles((str(place), one) for place, one in enumerate(articles))]

    def placed(*, ahead: bool) -> list[object]:
        shelf = MemoryGroupingIndex(lambda number: (ordered[number].title, ordered[number].body))
        grouper, members = Grouper(shelf, Vocabulary()), list[object]()
        for start in range(0, len(ordered), size):
            batch = ordered[start : start + size]
            texts = [extract_grouping_text(article) for article in batch]
            sketches = unpack_features(pack_features(texts), texts) if ahead else [None] * len(batch)
            comers = [
                IncomingArticle(number, article, f"s{number}", sketch)
                for number, (article, sketch) in enumerate(zip(batch, sketches, strict=True), start)
            ]
            members += grouper.place(comers)
        return members

    assert placed(ahead=True) == placed(ahead=False)
