"""Repair of character references."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from monitor.text.encoding import decode
from monitor.text.references import repair_numeric_references, repair_xml_references


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&#55356;&#57096;", "\U0001f308"),
        ("&#xD83C;&#xDF08;", "\U0001f308"),
        ("&#xd83c;&#57096;", "\U0001f308"),
        ("&#055356&#57096;", "\U0001f308"),
        ("&amp;#55356;&amp;#57096;", "\U0001f308"),
        ("&#55356;&#55356;&#57096;&#57096;", "\ufffd\U0001f308\ufffd"),
        ("&#55356; &#57096;", "\ufffd \ufffd"),
        ("&#x0;&#1;&#xFFFE;&#1114112;&#99999999999999;", "\ufffd" * 5),
        ("&#8217;&#x2019;&#10;&#x10FFFF;&amp;#8217;", "&#8217;&#x2019;&#10;&#x10FFFF;&amp;#8217;"),
        ("&# &#; &#x; &#a; # &", "&# &#; &#x; &#a; # &"),
    ],
)
def test_impossible_references_are_joined_or_replaced(text: str, expected: str) -> None:
    assert repair_numeric_references(text) == expected
    assert decode(f"a {text} b".encode()) == f"a {expected} b"


@given(st.text(st.characters(codec="utf-16"), max_size=30))
def test_any_text_written_as_surrogates_is_read_back(text: str) -> None:
    """As a database writes it that stores UTF-16 and knows no characters beyond 16 bits."""
    units = text.encode("utf-16-be")
    written = "".join(f"&#{int.from_bytes(units[at : at + 2])};" for at in range(0, len(units), 2))
    read = html.unescape(repair_numeric_references(written))
    expected = "".join(
        char if ord(char) > 0xFFFF else html.unescape(repair_numeric_references(f"&#{ord(char)};")) for char in text
    )
    assert read == expected


@given(
    st.lists(st.sampled_from(["&", "&amp;", "&lang=", "&eacute;", "&nope;", "&#8217;", "a", ";", "=", "&#x;", "&lt;"]))
)
def test_repaired_xml_is_well_formed(parts: list[str]) -> None:
    """And a second repair changes nothing."""
    repaired = repair_xml_references("".join(parts))
    etree.fromstring(f"<a>{repaired}</a>")
    assert repair_xml_references(repaired) == repaired


def test_cdata_and_comments_are_unchanged() -> None:
    text = "<a><![CDATA[x & y &nbsp; <b>&lang=</b>]]><!-- & --></a>"
    assert repair_xml_references(text) == text


@pytest.mark.parametrize("piece", ["<![CDATA[", "<!--", "&", "&#", "&amp;#55357;", "&#55357;&#55357;", "&a"])
def test_long_texts_take_time_in_proportion_to_their_length(piece: str) -> None:
    """A document of unclosed sections would else be searched to its end at each of them."""
    text = piece * 200_000
    assert len(repair_xml_references(repair_numeric_references(text))) >= 200_000
