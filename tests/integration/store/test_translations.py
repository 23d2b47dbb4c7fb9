"""Stored machine translations, on both engines."""

from datetime import timedelta

from support.rows import NOW

from monitor.domain.translation import TextToTranslate
from monitor.store.database import Database


def test_a_translation_belongs_to_its_text_languages_and_translator(database: Database) -> None:
    """Storing it again changes nothing, and after ninety days it is deleted."""
    text, same = TextToTranslate("vi", "Bộ trưởng"), TextToTranslate("lo", "Bộ trưởng")
    database.translations.save({text: "minister"}, "en", "aya", NOW)
    database.translations.save({text: "another"}, "en", "aya", NOW)
    assert database.translations.load([text, same], "en", "aya") == {text: "minister"}
    assert database.translations.load([text], "fr", "aya") == {}
    assert database.translations.load([text], "en", "other") == {}
    assert database.translations.load([], "en", "aya") == {}
    database.translations.save({same: "minister"}, "en", "aya", NOW + timedelta(days=91))
    assert database.translations.load([text, same], "en", "aya") == {same: "minister"}
