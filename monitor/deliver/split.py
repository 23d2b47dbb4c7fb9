"""Long texts cut into messages, between paragraphs wherever possible."""

from collections.abc import Iterator, Sequence


def units(text: str) -> int:
    """Count UTF-16 units, in which chat services measure."""
    return len(text.encode("utf-16-le", "replace")) // 2


def _pieces(text: str, limit: int) -> Iterator[str]:
    """Cut one paragraph that is too long: between lines, else between words, else anywhere but inside a letter."""
    while units(text) > limit:
        cut = limit
        while units(text[:cut]) > limit:
            cut -= max(1, (units(text[:cut]) - limit) // 2)
        for sign in ("\n", " "):
            place = text.rfind(sign, cut // 2, cut)
            if place > 0:
                cut = place
                break
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


def split(paragraphs: Sequence[str], limit: int) -> tuple[str, ...]:
    """Join paragraphs into as few texts of at most ``limit`` UTF-16 units as their order allows."""
    texts: list[str] = []
    for paragraph in paragraphs:
        for piece in _pieces(paragraph, limit):
            joined = f"{texts[-1]}\n\n{piece}" if texts else piece
            if texts and units(joined) <= limit:
                texts[-1] = joined
            else:
                texts.append(piece)
    return tuple(texts)
