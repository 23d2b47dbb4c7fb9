"""Terms that do not depend on the language: equal in all languages and scripts, and kept apart from words."""

from datetime import UTC, datetime

import numpy as np
import pytest

from monitor.domain.article import Article
from monitor.domain.values import replace
from monitor.stories.clustering import start_centroid
from monitor.stories.features import TermFeatures, Vocabulary, extract_features
from monitor.stories.grouping import group_articles
from monitor.stories.language_free_terms import TermKind, find_numbers, sound_key
from monitor.stories.similarity import list_evidence
from monitor.text.fold import fold

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
QUAKES = (
    "An earthquake of magnitude 5.4 shook Chile.",
    "Un terremoto de magnitud 5,4 sacudió Chile.",
    "Землетрясение магнитудой 5,4 произошло в Чили.",
    "智利发生5.4级地震。",
    "チリで5.4の地震。",
    "زلزال بقوة 5.4 يضرب تشيلي.",
    "เกิดแผ่นดินไหวขนาด 5.4 ในชิลี",
)


def features_of(text: str) -> TermFeatures:
    return extract_features(fold(text).cased, "", NOON)


def terms_of(text: str, *kinds: TermKind) -> set[int]:
    """Return the hashes of the terms of these kinds in a title."""
    features = features_of(text)
    return set(features.hashes[np.isin(features.kinds, kinds)].tolist())


@pytest.mark.parametrize("text", QUAKES)
def test_country_event_and_number_are_equal_in_all_languages(text: str) -> None:
    kinds = (TermKind.COUNTRY, TermKind.EVENT, TermKind.NUMBER)
    expected = terms_of(QUAKES[0], *kinds)
    assert len(expected) == 3
    assert expected <= terms_of(text, *kinds)


@pytest.mark.parametrize(
    ("one", "other"), [("macron", "макрон"), ("macron", "マクロン"), ("zelensky", "зеленский"), ("merkel", "мерκель")]
)
def test_names_sound_alike_in_two_scripts(one: str, other: str) -> None:
    assert sound_key(one) == sound_key(other)


def test_numbers_in_words_and_days_of_the_month_are_no_terms() -> None:
    assert find_numbers("The G20 and B52, on 18日") == []
    assert find_numbers("4,250") == find_numbers("4.250") == find_numbers("4250")


def test_a_title_with_capitals_everywhere_shows_no_names() -> None:
    assert terms_of("Harbour Bridge Closed After Heavy Storm", TermKind.NAME) == set()
    assert len(terms_of("Storm closes bridge of Tarvik", TermKind.NAME)) == 2


def test_reports_of_one_event_in_two_scripts_are_one_story() -> None:
    """Another event of the same kind on the same day is another story."""
    texts = {
        "en": "An earthquake of magnitude 5.4 shook the north of Chile on Wednesday, 28 people were injured.",
        "ru": "Землетрясение магнитудой 5,4 произошло на севере Чили, пострадали 28 человек.",
        "other": "An earthquake of magnitude 6.7 shook the south of Japan on Wednesday, 35 people were injured.",
    }
    groups = group_articles([(name, Article("", text, published_at=NOON)) for name, text in texts.items()])
    assert groups["en"][0] == groups["ru"][0] != groups["other"][0]


def test_centroids_of_earlier_versions_are_compared_by_words_and_names() -> None:
    """They have no language-free terms, and agree or disagree in none of them."""
    vocabulary, features = Vocabulary(), features_of(QUAKES[0])
    vector = vocabulary.weight_terms(features)
    centroid = start_centroid("s1", vector, features)
    count = vector.language_free_count
    old = replace(
        centroid,
        terms=centroid.terms[4 * count :],
        weights=centroid.weights[4 * count :],
        kinds=centroid.kinds[count:],
    )
    (found,) = list_evidence(vector, features, [old])
    assert found is not None
    assert found.excess > 1
    assert (found.number, found.country_and_event, found.other_countries, found.other_events) == (0, 0, 0, 0)
