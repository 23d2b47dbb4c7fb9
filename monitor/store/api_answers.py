"""Store of the API's answers to writing requests. The key that the client gave to a request identifies its answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from monitor.store.connections import Connections
from monitor.store.core_tables import API_ANSWER

KEPT = timedelta(hours=24)
UNANSWERED = timedelta(minutes=2)
"""Time after which a request without an answer counts as lost, because its process has ended. The key may then be used
again."""


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """Answer to a request. ``status`` is 0 while the request is being carried out."""

    request_hash: str
    status: int
    media_type: str
    body: bytes


class ApiAnswerStore:
    """Store of the answers of the last 24 hours. Every method is one transaction."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def reserve(self, token_id: int, key_hash: str, request_hash: str, now: datetime) -> ApiAnswer | None:
        """Return the answer that is stored for a key. If there is none, reserve the key for this request.

        Answers that are older than ``KEPT`` are deleted.
        """
        table = API_ANSWER.c
        is_lost = (table.status == 0) & (table.made_at < now - UNANSWERED)
        key = (table.token_id == token_id, table.key_hash == key_hash)
        with self._connections.write_transaction() as connection:
            connection.execute(delete(API_ANSWER).where((table.made_at < now - KEPT) | is_lost))
            found = connection.execute(select(API_ANSWER).where(*key)).first()
            if found:
                return ApiAnswer(found.request_hash, found.status, found.media_type, bytes(found.body))
            row = {"token_id": token_id, "key_hash": key_hash, "request_hash": request_hash, "made_at": now}
            connection.execute(insert(API_ANSWER).values(**row, status=0, media_type="", body=b""))
        return None

    def save(self, token_id: int, key_hash: str, answer: ApiAnswer) -> None:
        """Store the answer to the request for which a key is reserved."""
        values = {"status": answer.status, "media_type": answer.media_type, "body": answer.body}
        key = (API_ANSWER.c.token_id == token_id, API_ANSWER.c.key_hash == key_hash)
        with self._connections.write_transaction() as connection:
            connection.execute(update(API_ANSWER).where(*key).values(values))

    def release(self, token_id: int, key_hash: str) -> None:
        """Release a key whose request was not carried out, so that the client may repeat the request."""
        key = (API_ANSWER.c.token_id == token_id, API_ANSWER.c.key_hash == key_hash)
        with self._connections.write_transaction() as connection:
            connection.execute(delete(API_ANSWER).where(*key))
