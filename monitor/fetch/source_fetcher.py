"""Fetcher for all kinds of sources: uses HTTP for web addresses and IMAP for mailboxes."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from monitor.domain.fetch_result import FetchRequest, FetchResult
from monitor.domain.ports import Clock, Fetcher
from monitor.fetch.transport import create_guarded_transport

if TYPE_CHECKING:
    from monitor.fetch.mailbox import MailboxReader


class SourceFetcher:
    """Fetcher that passes each request on: web addresses to the HTTP fetcher, mailboxes to the mailbox reader.

    ``allowed_networks`` are the private networks that the user allows. A server that issues access tokens for mailboxes
    may be in one of them.
    """

    def __init__(self, http: Fetcher, clock: Clock, allowed_networks: Iterable[IPv4Network | IPv6Network] = ()) -> None:
        self._http, self._allowed_networks, self._clock = http, tuple(allowed_networks), clock
        self._mailboxes: MailboxReader | None = None

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Fetch a web address, or the new messages of a mailbox."""
        if request.mailbox is None:
            return await self._http.fetch(request)
        if self._mailboxes is None:
            self._mailboxes = self._create_mailbox_reader()
        return await self._mailboxes.fetch(request.mailbox, request.etag)

    def _create_mailbox_reader(self) -> "MailboxReader":
        from monitor.fetch.mailbox import MailboxReader
        from monitor.fetch.oauth import TokenStore

        transport = create_guarded_transport(self._allowed_networks)
        return MailboxReader(tokens=TokenStore(transport, self._clock))
