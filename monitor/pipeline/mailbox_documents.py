"""Parsing of the messages in a mailbox, in worker processes.

If a message or attachment kills its worker process, only this message or attachment is lost.
"""

from collections.abc import Sequence

from monitor.domain.article import AttachedText
from monitor.domain.errors import MonitorError, WorkerKilled
from monitor.domain.fetch_result import Fetched
from monitor.domain.ports import ProcessPool
from monitor.domain.source import Entry, Feed, Source
from monitor.domain.special_sources import MAX_MESSAGE_BYTES
from monitor.domain.values import replace
from monitor.parse.mailbox import (
    Attachment,
    ParsedMessages,
    build_unreadable_entry,
    join_messages,
    parse_messages,
    split_messages,
)


async def parse_mailbox(response: Fetched, source: Source, process_pool: ProcessPool) -> Feed:
    """Parse the messages in a response, and return them as entries with the text of their PDF attachments."""
    try:
        parsed = await process_pool.run(parse_messages, response.body, response.url, source)
    except WorkerKilled:
        parsed = await _parse_one_by_one(response, source, process_pool)
    entries = {entry.guid: entry for entry in parsed.feed.entries}
    for attachment in parsed.attachments:
        if entry := entries.get(attachment.guid):
            entries[attachment.guid] = await _add_attachment(entry, attachment, process_pool)
    return replace(parsed.feed, entries=tuple(entries.get(one.guid, one) for one in parsed.feed.entries))


async def _parse_one_by_one(response: Fetched, source: Source, process_pool: ProcessPool) -> ParsedMessages:
    """Parse each message in a separate job of a worker process.

    A message that kills its worker process becomes an entry that reports the message as unreadable.
    """
    entries: list[Entry] = []
    attachments: Sequence[Attachment] = ()
    for raw in split_messages(response.body):
        try:
            part = await process_pool.run(parse_messages, join_messages(iter([raw])), response.url, source)
        except WorkerKilled as error:
            entries.append(build_unreadable_entry(raw, str(error)))
        else:
            entries += part.feed.entries
            attachments = (*attachments, *part.attachments)
    return ParsedMessages(Feed(tuple(entries), url=response.url), tuple(attachments))


async def _add_attachment(entry: Entry, attachment: Attachment, process_pool: ProcessPool) -> Entry:
    """Add the text of an attachment to an entry, or the reason why the attachment could not be read."""
    from monitor.extract.pdf_document import read_pdf

    heading = f"Attachment {attachment.name}"
    if attachment.is_cut_off:
        limit = MAX_MESSAGE_BYTES // 1_000_000
        text = AttachedText(f"{heading}: the message is longer than {limit} MB, so the document is not whole.")
        return replace(entry, attached=(*entry.attached, text))
    try:
        found = await process_pool.run(read_pdf, attachment.body, "", "", None)
    except MonitorError as error:
        text = AttachedText(f"{heading}: {error}.")
    else:
        text = found.as_attached(heading)
    return replace(entry, attached=(*entry.attached, text))
