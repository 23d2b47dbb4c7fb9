"""Store of the responses to API requests that change data.

A client sends an idempotency key with such a request. If the client repeats the request with the same key, the stored
response is sent again.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import delete, insert, select, update

from monitor.store.connections import Connections
from monitor.store.core_tables import API_ANSWER

KEPT = timedelta(hours=24)
UNANSWERED = timedelta(minutes=2)
"""Time after which a request without a response counts as lost.

The process that was carrying out the request has probably ended. The idempotency key of the request may then be used
again.
"""


class ApiAnswer(Struct, frozen=True):
    """Stored response to an API request.

    ``status`` is the HTTP status, or 0 while the request is still being carried out.
    """

    request_hash: str
    status: int
    media_type: str
    body: bytes


class ApiAnswerStore:
    """Store of the API responses of the last 24 hours. Every method is one transaction."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def reserve(self, token_id: int, key_hash: str, request_hash: str, now: datetime) -> ApiAnswer | None:
        """Reserve an idempotency key for a request, and return None.

        If the key was used before, return the stored response to the earlier request instead. If the earlier request is
        still being carried out, the response has the status 0. Responses that are older than ``KEPT`` are deleted.
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
        """Store the response to the request for which an idempotency key was reserved."""
        values = {"status": answer.status, "media_type": answer.media_type, "body": answer.body}
        key = (API_ANSWER.c.token_id == token_id, API_ANSWER.c.key_hash == key_hash)
        with self._connections.write_transaction() as connection:
            connection.execute(update(API_ANSWER).where(*key).values(values))

    def release(self, token_id: int, key_hash: str) -> None:
        """Release an idempotency key whose request was not carried out, so that the client may repeat the request."""
        key = (API_ANSWER.c.token_id == token_id, API_ANSWER.c.key_hash == key_hash)
        with self._connections.write_transaction() as connection:
            connection.execute(delete(API_ANSWER).where(*key))
