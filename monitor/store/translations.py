"""Store of machine translations, so that a text is translated once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from monitor.domain.translation import TextToTranslate
from monitor.store.connections import Connections
from monitor.store.core_tables import TRANSLATION
from monitor.store.row_mapping import hash_text, insert_rows

KEPT = timedelta(days=90)


def _hash(text: TextToTranslate, to: str, translator: str) -> bytes:
    return hash_text(f"{translator}\0{text.language}\0{to}\0{text.text}")


class TranslationStore:
    """Store of machine translations. A translation is found by the text, its languages and the translator.

    Every method is one transaction.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def load(self, texts: Sequence[TextToTranslate], to: str, translator: str) -> dict[TextToTranslate, str]:
        """Return a dictionary that maps texts to their stored translations into the language ``to``.

        Texts without a stored translation are left out.
        """
        keys = {_hash(text, to, translator): text for text in texts}
        found: dict[TextToTranslate, str] = {}
        with self._connections.read_transaction() as connection:
            query = select(TRANSLATION.c.text_hash, TRANSLATION.c.text).where(TRANSLATION.c.text_hash.in_(list(keys)))
            for key, text in connection.execute(query) if keys else ():
                found[keys[bytes(key)]] = text
        return found

    def save(self, found: Mapping[TextToTranslate, str], to: str, translator: str, now: datetime) -> None:
        """Store new translations, and delete stored translations that are older than ``KEPT``."""
        rows = [
            {"text_hash": _hash(text, to, translator), "text": translation, "created_at": now}
            for text, translation in found.items()
        ]
        with self._connections.write_transaction() as connection:
            insert_rows(connection, TRANSLATION, rows, skip_existing=True)
            connection.execute(delete(TRANSLATION).where(TRANSLATION.c.created_at < now - KEPT))
