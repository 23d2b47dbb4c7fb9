"""Folding: equal spellings, and offsets back to the original."""

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
def test_spelling_variants_are_folded_alike(text: str, same: str) -> None:
    """Diacritics, capitals, invisible characters, spaces, quotes and dashes are ignored."""
    assert fold_key(text) == same


@pytest.mark.parametrize(("one", "other"), [("ຄຳລຽງ", "ຄໍາລຽງ"), ("ນ້ຳ", "ນໍ້າ"), ("ສະໝອນ", "ສະຫມອນ"), ("แอ", "เเอ")])
def test_ways_to_type_lao_and_thai_are_folded_alike(one: str, other: str) -> None:
    """Vowels and consonants typed in two parts equal the single characters."""
    assert fold_key(one) == fold_key(other)


@pytest.mark.parametrize(("one", "other"), [("ສີສຸລິດ", "ສສລດ"), ("ทองลุน", "ทองลน"), ("ទៀ", "ទ")])
def test_vowel_signs_of_unspaced_scripts_are_kept(one: str, other: str) -> None:
    """Lao, Thai and Khmer vowel signs distinguish words."""
    assert fold_key(one) != fold_key(other)


@given(MIXED)
def test_nfc_and_nfd_are_folded_alike(text: str) -> None:
    """Both forms of a text give the same folded text."""
    assert fold_key(unicodedata.normalize("NFC", text)) == fold_key(unicodedata.normalize("NFD", text))


@given(MIXED)
def test_offsets_lead_back_to_the_original(text: str) -> None:
    """Offsets are ascending and within the original text."""
    folded = fold(text)
    assert len(folded.text) == len(folded.cased)
    spans = [folded.original_span(at, at + 1) for at in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@given(MIXED)
def test_folding_is_idempotent(text: str) -> None:
    """A folded text is not changed by folding it again."""
    assert fold_key(fold_key(text)) == fold_key(text)


@given(MIXED)
def test_short_and_long_folding_give_the_same_result(text: str) -> None:
    """Text and offsets are equal with both methods."""
    (brief, places), (mass, offsets) = fold_short_text(text), fold_long_text(text)
    assert brief == mass
    assert (None if places is None else [places[at] for at in range(len(places))]) == (
        None if offsets is None else offsets.tolist()
    )


def test_slices_include_diacritics_but_no_invisible_characters() -> None:
    """The original spelling includes combining marks, but no invisible character after it."""
    text = unicodedata.normalize("NFD", "Tổng Bí thư Tô\u200b Lâm\u00ad nói")
    folded = fold(text)
    at = folded.text.index("to lam")
    assert folded.original_slice(at, at + 6) == unicodedata.normalize("NFD", "Tô\u200b Lâm")


def test_plain_ascii_needs_no_offsets() -> None:
    """The positions are equal to the original ones."""
    folded = fold("Phan Van Giang said")
    assert folded.original_offsets is None
    assert folded.original_span(5, 8) == (5, 8)
