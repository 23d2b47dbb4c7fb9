"""What is read of articles ahead: packed and unpacked it is the same, and grouping comes out the same with it."""

import pickle
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article
from monitor.stories.features import Vocabulary
from monitor.stories.group import Grouper, Newcomer, in_order
from monitor.stories.memory import MemoryShelf
from monitor.stories.prepare import Sketch, Text, prepare, text_of, unpack

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


def told(sketch: Sketch) -> tuple[object, ...]:
    """Return all that a sketch tells, arrays as lists with their types."""
    features = sketch.features
    arrays = (features.hashes, features.counts, features.names)
    return (
        sketch.prints,
        sketch.trace,
        [(one.dtype, one.tolist()) for one in arrays],
        (features.days, features.at, features.words, features.dated),
    )


@given(st.lists(TEXTS, max_size=5))
def test_packing_changes_nothing(texts: list[Text]) -> None:
    """Read in a batch, packed, sent and unpacked, an article's prints and features are as if read by itself."""
    sent = pickle.loads(pickle.dumps(prepare(texts)))
    assert [told(sketch) for sketch in unpack(sent, texts)] == [told(Sketch(text)) for text in texts]


def test_a_packed_batch_is_small() -> None:
    """What travels is not many times the text: the text itself, ready for comparison, stays behind."""
    rng = np.random.default_rng(7)
    bodies = [" ".join(f"w{n}" for n in rng.integers(0, 5000, 500).tolist()) for _ in range(50)]
    packed = prepare([("Title", "", body, NOON) for body in bodies])
    assert len(pickle.dumps(packed)) < sum(map(len, bodies))


@given(st.lists(PROSE, min_size=1, max_size=12), st.integers(1, 12))
def test_prepared_articles_find_the_same_places(bodies: list[str], size: int) -> None:
    """Copies and stories are the same whether articles were read ahead or are read when they are placed."""
    articles = [
        Article(f"https://a.example/{place}", title=body[:20], body=body, published_at=NOON + timedelta(hours=place))
        for place, body in enumerate(bodies + bodies)
    ]
    ordered = [article for _, article in in_order((str(place), one) for place, one in enumerate(articles))]

    def placed(*, ahead: bool) -> list[object]:
        shelf = MemoryShelf(lambda number: (ordered[number].title, ordered[number].body))
        grouper, members = Grouper(shelf, Vocabulary()), list[object]()
        for start in range(0, len(ordered), size):
            batch = ordered[start : start + size]
            texts = [text_of(article) for article in batch]
            sketches = unpack(prepare(texts), texts) if ahead else [None] * len(batch)
            comers = [
                Newcomer(number, article, f"s{number}", sketch)
                for number, (article, sketch) in enumerate(zip(batch, sketches, strict=True), start)
            ]
            members += grouper.place(comers)
        return members

    assert placed(ahead=True) == placed(ahead=False)
