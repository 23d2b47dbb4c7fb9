"""Machine translations for the pages of the desk. Only translations that digests have stored are used."""

from collections.abc import Iterable

from monitor.domain.translation import TextToTranslate, TranslationSettings
from monitor.store.database import Database


def load_translations(
    database: Database, texts: Iterable[tuple[str, str]], settings: TranslationSettings | None
) -> dict[str, str]:
    """Return a dictionary that maps texts to their stored translations.

    ``texts`` are pairs of a language code and a text. ``settings`` is the configured translation; if it is None, the
    result is empty.
    """
    if settings is None:
        return {}
    wanted = [TextToTranslate(language.partition("-")[0].lower(), text) for language, text in texts]
    found = database.translations.load(wanted, settings.to, settings.name)
    return {one.text: translation for one, translation in found.items()}
