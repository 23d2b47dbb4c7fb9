"""Words and sentences by offsets."""

import pytest

from monitor.text.tokens import SENTENCE_STOPS, WORD_PATTERN, find_sentence, is_whole_word


def test_words_keep_apostrophes() -> None:
    """A possessive is one word; punctuation is not part of words."""
    text = "Laos's army, he said"
    assert WORD_PATTERN.findall(text) == ["Laos's", "army", "he", "said"]


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("to Lam Dong", "Lam", True),
        ("Lambda", "Lam", False),
        ("越南国防部长潘文江大将", "潘文江", True),
        ("ທ່ານທອງລຸນເດີນທາງ", "ທອງລຸນ", True),
        ("aທອງ", "ທອງ", True),
        ("x潘y", "潘", True),
    ],
)
def test_word_boundaries_depend_on_the_script(text: str, part: str, expected: bool) -> None:
    """Scripts with spaces need a boundary; Lao, Thai, Khmer, Burmese and Han do not."""
    start = text.index(part)
    assert is_whole_word(text, start, start + len(part)) is expected


def test_sentences_end_at_their_stop() -> None:
    """Dots after ranks and initials do not end a sentence; a question mark and a line break do."""
    text = "He left. Lieut. Gen Saichay met Sr. Lt. Gen. D. Chien in Hanoi. They spoke.\nNext"
    at = text.index("Saichay")
    start, end = find_sentence(text, at, at + 7)
    assert text[start:end] == "Lieut. Gen Saichay met Sr. Lt. Gen. D. Chien in Hanoi."
    at = text.index("They")
    assert text[slice(*find_sentence(text, at, at + 4))] == "They spoke."


def test_sentences_have_a_maximum_length() -> None:
    """A text without stops gives a part of it, not the whole."""
    text = "word " * 10_000
    start, end = find_sentence(text, 20_000, 20_004, max_chars=100)
    assert end - start <= 204


@pytest.mark.parametrize(
    "sentences",
    [
        "The minister left. Where is he? Nobody knows!",
        "部长会见了代表团。他什么时候走？没有人知道！",
        "大臣は会見した。いつ出発するのか？誰も知らない｡",
        "غادر الوزير العاصمة. متى يعود؟ لا أحد يعرف.",
        "وزیر اعظم روانہ ہو گئے۔ وہ کب واپس آئیں گے؟ کوئی نہیں جانتا۔",
        "Նախարարը մեկնեց Երևան։ Նա կվերադառնա վաղը։ Ոչ ոք չգիտի։",
        "मंत्री दिल्ली गए। वे कल लौटेंगे। कोई नहीं जानता॥",
        "ဝန်ကြီး ထွက်ခွာသွားသည်။ မနက်ဖြန် ပြန်လာမည်။ ဘယ်သူမှ မသိပါ။",
        "ሚኒስትሩ ሄዱ። ነገ ይመለሳሉ። ማንም አያውቅም።",
        "រដ្ឋមន្ត្រីបានចាកចេញ។ គាត់នឹងត្រឡប់មកវិញ។ គ្មាននរណាដឹងទេ៕",
    ],
)
def test_the_sentences_of_each_script_are_separate(sentences: str) -> None:
    """Also without a space after a stop that is never inside a sentence."""
    text = f"{sentences} {sentences}"
    starts, at = [], 0
    while at < len(sentences):
        start, end = find_sentence(text, at, at + 1)
        starts.append(start)
        at = end + (text[end : end + 1] == " ")
    assert len(starts) == 3
    for start in starts:
        inside = start + 3
        first, last = find_sentence(text, inside, inside + 1)
        assert (first, text[last - 1] in SENTENCE_STOPS) == (start, True)
