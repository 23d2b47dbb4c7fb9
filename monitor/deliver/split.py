"""Long texts cut into messages, between paragraphs wherever possible."""

from collections.abc import Iterator, Sequence


def count_utf16_units(text: str) -> int:
    """Count UTF-16 units, in which chat services measure."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _split_paragraph(text: str, max_units: int) -> Iterator[str]:
    """Cut one paragraph that is too long: between lines, else between words, else anywhere but inside a letter."""
    while count_utf16_units(text) > max_units:
        cut = max_units
        while count_utf16_units(text[:cut]) > max_units:
            cut -= max(1, (count_utf16_units(text[:cut]) - max_units) // 2)
        for sign in ("\n", " "):
            place = text.rfind(sign, cut // 2, cut)
            if place > 0:
                cut = place
                break
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def split_paragraphs(paragraphs: Sequence[str], max_units: int) -> tuple[str, ...]:
    """Join paragraphs into as few texts of at most ``limit`` UTF-16 units as their order allows."""
    texts: list[str] = []
    for paragraph in paragraphs:
        for piece in _split_paragraph(paragraph, max_units):
            joined = f"{texts[-1]}\n\n{piece}" if texts else piece
            if texts and count_utf16_units(joined) <= max_units:
                texts[-1] = joined
            else:
                texts.append(piece)
    return tuple(texts)
