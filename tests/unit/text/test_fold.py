"""Folding: what becomes equal, and that every place leads back to the original."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.fold import fold, fold_key, fold_short_text
from monitor.text.fold_numpy import fold_long_text

MIXED = st.text(
    st.one_of(
        st.sampled_from("Phạm Minh Chính đĐ ß æ ຄຳລຽງ ຄໍາ น้ำ ទៀ 통룬 習近平 が \u200b\u00ad\u00a0\n’—\u0301\ud800"),
        st.characters(),
    )
)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Phạm Minh Chính", "pham minh chinh"),
        ("NGUYỄN TÂN CƯƠNG", "nguyen tan cuong"),
        ("Đỗ Đình Ðức", "do dinh duc"),
        ("Łódź Ærø Strauß", "lodz aero strauss"),
        ("Si\u00adsoulith\u2019s", "sisoulith's"),
        ("Van\u200b Giang\u00a0said", "van giang said"),
        ("Laos\u2013Việt Nam \u2014 x", "laos-viet nam - x"),
        ("通伦•西苏里", "通伦·西苏里"),
        ("Йошкар-Ола", "иошкар-ола"),
        ("a \t  b", "a b"),
    ],
)
def test_spellings_become_one(text: str, same: str) -> None:
    """Marks, capitals, invisible characters, spaces, quotes and dashes do not tell words apart."""
    assert fold_key(text) == same


@pytest.mark.parametrize(("one", "other"), [("ຄຳລຽງ", "ຄໍາລຽງ"), ("ນ້ຳ", "ນໍ້າ"), ("ສະໝອນ", "ສະຫມອນ"), ("แอ", "เเอ")])
def test_ways_to_type_lao_and_thai_are_equal(one: str, other: str) -> None:
    """Vowels and consonants of two pieces equal their one-piece twins."""
    assert fold_key(one) == fold_key(other)


@pytest.mark.parametrize(("one", "other"), [("ສີສຸລິດ", "ສສລດ"), ("ทองลุน", "ทองลน"), ("ទៀ", "ទ")])
def test_vowels_of_unspaced_scripts_stay(one: str, other: str) -> None:
    """Lao, Thai and Khmer vowels are marks that carry the word."""
    assert fold_key(one) != fold_key(other)


@given(MIXED)
def test_composed_equals_decomposed(text: str) -> None:
    """NFC and NFD of a text fold alike."""
    assert fold_key(unicodedata.normalize("NFC", text)) == fold_key(unicodedata.normalize("NFD", text))


@given(MIXED)
def test_places_lead_back(text: str) -> None:
    """Each folded place has an original place; they stand in the same order and inside the text."""
    folded = fold(text)
    assert len(folded.text) == len(folded.cased)
    spans = [folded.original_span(at, at + 1) for at in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@given(MIXED)
def test_folding_twice_changes_nothing(text: str) -> None:
    """A folded text is its own folding."""
    assert fold_key(fold_key(text)) == fold_key(text)


@given(MIXED)
def test_names_fold_as_long_texts_do(text: str) -> None:
    """Sign by sign or by one look-up: the same letters, and the same places."""
    (brief, places), (mass, offsets) = fold_short_text(text), fold_long_text(text)
    assert brief == mass
    assert (None if places is None else [places[at] for at in range(len(places))]) == (
        None if offsets is None else offsets.tolist()
    )


def test_slice_keeps_marks_and_drops_what_surrounds() -> None:
    """The original spelling of a place has its combining marks, and no invisible sign after it."""
    text = unicodedata.normalize("NFD", "Tổng Bí thư Tô\u200b Lâm\u00ad nói")
    folded = fold(text)
    at = folded.text.index("to lam")
    assert folded.original_slice(at, at + 6) == unicodedata.normalize("NFD", "Tô\u200b Lâm")


def test_plain_ascii_needs_no_offsets() -> None:
    """The common case costs nothing: places are the same."""
    folded = fold("Phan Van Giang said")
    assert folded.original_offsets is None
    assert folded.original_span(5, 8) == (5, 8)
