"""What grouping reads from an article alone, before anything is looked up: its prints and its features.

This is half of the work, and needs neither the shelf nor the vocabulary. So it can be done ahead, in another process:
``prepare`` takes a batch of texts and returns their arrays end to end, which travel as a dozen pieces and not as
thousands; ``unpack`` takes them apart again. What few articles need, the text made ready for comparison, does not
travel and is made when it is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from monitor.domain.article import Article
from monitor.stories.features import LEAD_CHARS, Features, read_features
from monitor.stories.prints import Trace, trace
from monitor.text.fold import fold

Text = tuple[str, str, str, datetime | None]
"""Title, standfirst, body and time of publication."""


class Sketch:
    """An article made ready for grouping; each part is made once, when it is first asked for, or given."""

    def __init__(self, text: Text) -> None:
        self._text = text

    @cached_property
    def trace(self) -> Trace:
        """The text prepared for comparison."""
        title, _, body, _ = self._text
        return trace(title, body)

    @cached_property
    def prints(self) -> tuple[int, ...]:
        """The integers by which copies are found."""
        return self.trace.prints

    @cached_property
    def features(self) -> Features:
        """What the article is about."""
        title, standfirst, _, published_at = self._text
        lead = f"{fold(standfirst).cased}\n{self.trace.cased[:LEAD_CHARS]}"
        return read_features(fold(title).cased, lead, published_at)


@dataclass(frozen=True, slots=True)
class Packed:
    """The prints and features of a batch, each kind end to end, and beside them where those of each article end."""

    prints: bytes
    print_ends: bytes
    hashes: bytes
    counts: bytes
    names: bytes
    ends: bytes
    days: bytes
    day_ends: bytes
    words: bytes
    dated: bytes


def text_of(article: Article) -> Text:
    """Return what grouping reads of an article."""
    return article.title, article.standfirst, article.body, article.published_at


def prepare(texts: Sequence[Text]) -> Packed:
    """Read a batch of texts. The same as each text's ``Sketch`` would read, packed."""
    sketches = [Sketch(text) for text in texts]
    features = [sketch.features for sketch in sketches]
    days = [[month << 5 | day for month, day in one.days] for one in features]
    return Packed(
        np.array([one for sketch in sketches for one in sketch.prints], np.uint64).tobytes(),
        _ends(len(sketch.prints) for sketch in sketches),
        b"".join(one.hashes.tobytes() for one in features),
        b"".join(one.counts.tobytes() for one in features),
        b"".join(one.names.tobytes() for one in features),
        _ends(len(one.hashes) for one in features),
        np.array([one for several in days for one in several], np.uint16).tobytes(),
        _ends(map(len, days)),
        np.array([one.words for one in features], np.uint32).tobytes(),
        bytes(one.dated for one in features),
    )


def unpack(packed: Packed, texts: Sequence[Text]) -> list[Sketch]:
    """Return a sketch for each of the texts that were prepared, its prints and features already in it."""
    prints = np.frombuffer(packed.prints, np.uint64).tolist()
    hashes, counts = np.frombuffer(packed.hashes, np.uint32), np.frombuffer(packed.counts, np.float32)
    names = np.frombuffer(packed.names, np.bool_)
    days = [(one >> 5, one & 31) for one in np.frombuffer(packed.days, np.uint16).tolist()]
    words = np.frombuffer(packed.words, np.uint32).tolist()
    parts = zip(
        texts, _spans(packed.print_ends), _spans(packed.ends), _spans(packed.day_ends), words, packed.dated, strict=True
    )
    sketches = []
    for text, own, terms, when, told, dated in parts:
        sketch = Sketch(text)
        sketch.prints = tuple(prints[own])
        sketch.features = Features(
            hashes[terms], counts[terms], names[terms], frozenset(days[when]), text[3], told, bool(dated)
        )
        sketches.append(sketch)
    return sketches


def _ends(sizes: Iterable[int]) -> bytes:
    return np.cumsum([0, *sizes], dtype=np.uint32).tobytes()


def _spans(ends: bytes) -> list[slice]:
    places: list[Any] = np.frombuffer(ends, np.uint32).tolist()
    return [slice(start, end) for start, end in pairwise(places)]
