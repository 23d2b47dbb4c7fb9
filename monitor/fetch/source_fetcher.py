"""Fetcher for all kinds of sources: uses HTTP for web addresses and IMAP for mailboxes."""

from monitor.domain.fetch_result import FetchRequest, FetchResult
from monitor.domain.ports import Fetcher


class SourceFetcher:
    """Fetcher that uses the HTTP fetcher for web addresses, and the mailbox reader for mailboxes."""

    def __init__(self, http: Fetcher) -> None:
        self._http = http

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Fetch a web address, or the new messages of a mailbox."""
        if request.mailbox is None:
            return await self._http.fetch(request)
        from monitor.fetch.mailbox import MailboxReader

        return await MailboxReader().fetch(request.mailbox, request.etag)
