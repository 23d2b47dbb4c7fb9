"""Translations: finds the texts of a digest that need a translation, and adds the translations to the digest."""

from collections.abc import Iterator, Mapping

from monitor.domain.digest import Digest, DigestItem
from monitor.domain.translation import TextToTranslate, Translation
from monitor.domain.values import replace

MAX_TEXTS = 120  # per digest; the most important stories are first
MAX_PASSAGES = 3  # per article
MAX_TEXT_CHARS = 1_000  # a longer passage is not translated


def list_texts(digest: Digest, to: str) -> tuple[TextToTranslate, ...]:
    """Return the headlines and passages of a digest that are not in the language ``to``, each once.

    Very long texts are left out. If there are too many texts, the last ones are left out.
    """
    found = dict.fromkeys(text for story in digest.stories for item in story.items for text in _list_item(item, to))
    return tuple(found)[:MAX_TEXTS]


def _list_item(item: DigestItem, to: str) -> Iterator[TextToTranslate]:
    language = item.language.partition("-")[0].lower()
    if not language or language == to.partition("-")[0].lower():
        return
    for text in (item.title, *(passage.text for passage in item.passages[:MAX_PASSAGES])):
        if text.strip() and len(text) <= MAX_TEXT_CHARS:
            yield TextToTranslate(language, text)


def add_translations(digest: Digest, to: str, found: Mapping[TextToTranslate, str]) -> Digest:
    """Add translations into the language ``to`` to a digest. ``found`` maps each text to its translation."""
    if not found:
        return digest

    def translate(item: DigestItem) -> DigestItem:
        texts = tuple((one.text, found[one]) for one in _list_item(item, to) if one in found)
        return replace(item, translation=Translation(to, texts)) if texts else item

    stories = tuple(replace(story, items=tuple(map(translate, story.items))) for story in digest.stories)
    return replace(digest, stories=stories)
