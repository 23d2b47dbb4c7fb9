"""What digests look like, each kept once for all its targets, because the forms of a long one weigh 100 KB."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from monitor.domain.delivery import Delivery, DeliveryState, Message, RenderedDigest
from monitor.store.catalogue import RENDITION
from monitor.store.codec import from_json, to_json
from monitor.store.rows import AnyRow
from monitor.store.settling import PENDING


def build_delivery_rows(connection: Connection, messages: Sequence[Message], digest_id: int) -> list[dict[str, Any]]:
    """Keep each form of the messages once, and make the rows of their deliveries."""
    numbers: dict[RenderedDigest, int] = {}
    for rendered in dict.fromkeys(message.rendered for message in messages):
        row = {"digest": digest_id, "content": to_json(rendered)}
        numbers[rendered] = connection.execute(insert(RENDITION).values(row).returning(RENDITION.c.id)).scalar_one()
    return [
        {
            "key": message.key,
            "digest": digest_id,
            "digest_id": message.plan_id,
            "channel_id": message.channel_id,
            "target": message.target,
            "rendition": numbers[message.rendered],
            "created_at": message.created_at,
            "state": PENDING,
            "attempts": 0,
            "next_attempt_at": message.created_at,
            "last_error": "",
            "lease_token": "",
        }
        for message in messages
    ]


def deliveries_from_rows(connection: Connection, rows: Sequence[AnyRow]) -> list[Delivery]:
    """Make deliveries of their rows, reading each form once."""
    wanted = sorted({row.rendition for row in rows})
    forms: dict[int, RenderedDigest] = {}
    for start in range(0, len(wanted), 500):
        query = select(RENDITION.c.id, RENDITION.c.content).where(RENDITION.c.id.in_(wanted[start : start + 500]))
        forms |= {number: from_json(RenderedDigest, content) for number, content in connection.execute(query)}
    return [
        Delivery(
            id=row.id,
            message=Message(row.key, row.digest_id, row.channel_id, row.target, forms[row.rendition], row.created_at),
            state=DeliveryState(row.state),
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
            last_error=row.last_error,
            token=row.lease_token,
            first_attempt_at=row.first_attempt_at,
        )
        for row in rows
    ]
