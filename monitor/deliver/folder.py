"""Folder sender: writes each digest as .eml, .html and .json files, so that a first run needs no mail server."""

import asyncio
import os
from datetime import datetime
from pathlib import Path

from monitor.deliver.mime import build_mime_message, parse_mailbox
from monitor.domain.channels import FolderChannel
from monitor.domain.delivery import Message, Retry, SendResult, Sent
from monitor.text.sanitize import single_line

PLACEHOLDER_SENDER, PLACEHOLDER_RECIPIENT = "monitor@localhost", "reader@localhost"


class FolderSender:
    """Sender that writes messages as files in a folder. A second attempt overwrites the files of the first one."""

    def __init__(self, channel: FolderChannel) -> None:
        self._folder = Path(channel.path)

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Write the three files of a message.

        Each file is replaced in one step, so that nobody reads an incomplete file.
        """
        try:
            written = await asyncio.to_thread(self._write_files, message, attempt_at)
        except OSError as error:
            return Retry(single_line(f"{self._folder} cannot be written: {error.strerror or error}", 300))
        return Sent(str(written))

    def _write_files(self, message: Message, attempt_at: datetime) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{message.plan_id}-{message.created_at:%Y%m%dT%H%M%SZ}-{message.key[:8]}"
        files = {
            ".html": (message.rendered.page or message.rendered.html).encode(),
            ".json": message.rendered.payload.encode(),
            ".eml": build_mime_message(
                message, parse_mailbox(PLACEHOLDER_SENDER), parse_mailbox(PLACEHOLDER_RECIPIENT), attempt_at
            ),
        }
        for suffix, content in files.items():
            part = self._folder / f".{name}{suffix}.part"
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # a delivery that is recorded as sent must survive a power failure
            part.replace(self._folder / f"{name}{suffix}")
        return self._folder / f"{name}.eml"
