"""Files of the folder channel."""

import asyncio
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from support.factories import NOW, message

from monitor.deliver.folder import FolderSender
from monitor.domain.channels import FolderChannel
from monitor.domain.delivery import Sent


def test_the_html_file_is_the_whole_page(tmp_path: Path) -> None:
    """A mail may be cut, a file is not; a digest of an earlier version has no page, and its mail is written."""
    sender = FolderSender(FolderChannel("outbox", str(tmp_path)))
    for number, page in enumerate(("<p>The whole page.</p>", "")):
        sent = asyncio.run(sender.send(message(number, html="<p>The mail.</p>", page=page), NOW))
        assert isinstance(sent, Sent)
        file = Path(sent.detail)
        assert file.with_suffix(".html").read_text(encoding="utf-8") == (page or "<p>The mail.</p>")
        body = message_from_bytes(file.read_bytes(), policy=default).get_body(("html",))
        assert body is not None
        assert "The mail." in body.get_content()
