"""Decoding of bytes with correct, wrong and missing declarations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.encoding import decode

VIET = "Bộ trưởng Phan Văn Giang hội đàm tại Viêng Chăn"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_overrides_declarations(codec: str) -> None:
    """It is used even if header and document declare another encoding."""
    assert decode(VIET.encode(codec), "text/html; charset=windows-1252") == VIET


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_mark_is_detected_by_its_nuls(codec: str) -> None:
    """Latin letters in UTF-16 have a NUL in every other byte."""
    assert decode(f"<html><p>{VIET}</p>".encode(codec), "text/html") == f"<html><p>{VIET}</p>"


@pytest.mark.parametrize("label", ["utf-16", "UTF-16LE", "iso-8859-1", "gbk", "nonsense-9"])
def test_valid_utf8_overrides_declarations(label: str) -> None:
    """A declared utf-16 without NULs is a known error of real feeds."""
    text = f'<?xml version="1.0" encoding="{label}"?><p>{VIET}</p>'
    assert decode(text.encode(), f"text/xml; charset={label}") == text


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("Café déjà vu – “l’été”", "cp1252", "iso-8859-1"),
        ("国防部长会见 镕", "gb18030", "gb2312"),
        ("นายกรัฐมนตรี", "cp874", "tis-620"),
        ("日本の首相", "iso2022_jp", "iso-2022-jp"),
        ("日本の首相①", "cp932", "shift_jis"),
    ],
)
def test_declared_code_pages_have_the_meaning_browsers_give_them(text: str, codec: str, label: str) -> None:
    """Labels in header and meta elements are interpreted as browsers do."""
    assert decode(text.encode(codec), f"text/html; charset={label}") == text
    page = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={label}"></head>{text}'
    assert decode(page.encode(codec)) == page


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("中国国家主席在北京会见越南代表团。双方就两国关系交换意见。", "gb18030"),
        ("中華民國總統在台北會見越南代表團。雙方討論兩國的合作。", "big5"),
        ("日本の首相は会談で協力を確認した。ニュースによると", "cp932"),
        ("日本の首相は会談で協力を確認した。ニュースによると", "euc_jp"),
        ("한국 대통령은 베트남 국방장관과 회담을 가졌다", "cp949"),
        ("Президент встретился с министром обороны", "cp1251"),
        ("นายกรัฐมนตรี กล่าวว่า ความร่วมมือ", "cp874"),
        ("Президент встретился с министром обороны", "koi8_r"),
        ("Ο υπουργός Άμυνας συναντήθηκε με τον πρόεδρο της χώρας", "cp1253"),
        ("שר הביטחון נפגש עם נשיא המדינה בירושלים", "cp1255"),
        ("التقى وزير الدفاع رئيس الجمهورية في العاصمة", "cp1256"),
        ("El niño llegó al último año con su compañía, según la señora Muñoz", "cp1252"),
        ("Der Außenminister würdigte die Gespräche über Rüstung", "cp1252"),
        ("Café déjà vu, l’été dernier à Vientiane", "cp1252"),
    ],
)
def test_undeclared_code_pages_are_guessed(text: str, codec: str) -> None:
    """Without a declaration the frequent characters of a script decide."""
    assert decode(text.encode(codec)) == text


def test_invalid_bytes_in_utf8_are_read_as_windows_1252() -> None:
    """A page assembled from several sources keeps its valid UTF-8."""
    assert decode(VIET.encode() + b" caf\xe9 " + VIET.encode(), "charset=utf-8") == f"{VIET} café {VIET}"


def test_a_body_cut_within_a_character_loses_only_that_character() -> None:
    """A body cut at a size limit is still decoded as UTF-8."""
    assert decode("Thủ tướng Phạm Minh Chín".encode() + "ữ".encode()[:2]) == "Thủ tướng Phạm Minh Chín"


@given(st.binary(max_size=400), st.text(max_size=40))
def test_any_bytes_give_a_text(body: bytes, content_type: str) -> None:
    """Any bytes and any header give a text without NULs that can be encoded again."""
    text = decode(body, content_type)
    assert "\0" not in text
    text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("text", "codecs"),
    [
        ("Wicepremier przekazał, że część środków trafi do gmin. Łączna kwota jest większa niż rok temu.", "cp1250"),
        ("Wicepremier przekazał, że część środków trafi do gmin. Łączna kwota jest większa niż rok temu.", "iso8859_2"),
        ("Ministerstvo uvedlo, že příští týden začne oprava mostu. Řidiči počítají s objížďkou.", "cp1250 iso8859_2"),
        ("Minister oznámil, že nemocnica v Nitre získa ďalšie peniaze. Ľudia sa tešia.", "cp1250 iso8859_2"),
        ("A belügyminiszter bejelentette, hogy jövőre több rendőr lesz, és új épületet kapnak.", "cp1250 iso8859_2"),
        ("Ministar je najavio da će Županja dobiti školu. Štrajk učitelja završen, kažu građani.", "cp1250 iso8859_2"),
        ("Primarul a anunţat că reparaţiile şi lucrările încep săptămâna viitoare.", "cp1250 iso8859_2"),
        ("İçişleri Bakanı yaptığı açıklamada göç konusuna değindi. Şehirde güvenlik önlemleri arttı.", "cp1254"),
        ("Ministrė pranešė, kad mokyklų bus daugiau. Žiemą šildymas brangs, teigia įmonė, bet ūkis auga.", "cp1257"),
        ("Ministrs paziņoja, ka skolām piešķirs naudu. Šogad ēkas būs siltākas, ģimenēm ļaus gaidīt.", "cp1257"),
        ("Der Bürgermeister erklärte, die Straße werde für Fußgänger geöffnet – „schöner“ denn je.", "cp1252"),
        ("La préfète a annoncé l’arrêt du chantier : « ça coûte cher », à cœur ouvert.", "cp1252"),
        ("Ráðherra sagði að ný brú yrði byggð í haust. Þingið ræðir málið á morgun, ýtarlega.", "cp1252"),
        ("L’alcaldessa va dir que això és bo: demà la plaça serà més neta, però també més cara.", "cp1252"),
        ("Tickets cost £12 and £15, the mayor’s office said.", "cp1252"),
        ("O governador disse que não há razão para preocupação às vésperas da eleição.", "cp1252"),
        ("Statsråden säger att vägen öppnar på måndag. Många är glada på Åland.", "cp1252"),
    ],
)
def test_undeclared_code_pages_of_latin_scripts_are_guessed(text: str, codecs: str) -> None:
    """By the letters of one language, in a short text as in a feed."""
    feed = f"<rss><channel><title>News</title><item><title>{text}</title></item></channel></rss>"
    for codec in codecs.split():
        assert decode(text.encode(codec)) == text
        assert decode(feed.encode(codec), "text/xml") == feed


@given(st.text(alphabet=st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"]), max_size=200))
def test_utf8_with_a_byte_order_mark_is_decoded_unchanged(text: str) -> None:
    """The mark itself is removed."""
    assert decode(text.encode("utf-8-sig")) == text


@pytest.mark.parametrize(("halves", "whole"), [("\ud83d\ude00", "\U0001f600"), ("\ud83d", ""), ("\ude00\ud83d", "")])
def test_encoded_surrogate_pairs_are_joined(halves: str, whole: str) -> None:
    """Some databases write such pairs within UTF-8, whether or not it is declared."""
    body = f"{halves} {VIET}{halves}".encode("utf-8", "surrogatepass")
    for content_type in ("", "text/xml; charset=utf-8", "text/xml; charset=windows-1252"):
        assert decode(body, content_type) == f"{whole} {VIET}{whole}"
