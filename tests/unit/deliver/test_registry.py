"""Registry of senders: each channel kind has one, by its own type."""

from functools import partial

import httpx
import pytest

from monitor.config.sections import get_keys, list_annotated
from monitor.deliver.chat import ChatSender
from monitor.deliver.email import EmailSender
from monitor.deliver.folder import FolderSender
from monitor.deliver.registry import create_sender
from monitor.deliver.webhook import WebhookSender
from monitor.domain.channels import (
    CHANNEL_KINDS,
    Channel,
    ChatChannel,
    EmailChannel,
    FolderChannel,
    WebhookChannel,
)
from monitor.domain.field_types import ValueMark
from monitor.domain.secret import Secret

SENDERS: list[tuple[Channel, type]] = [
    (EmailChannel("e", ("a@b.example",), "c@d.example", Secret("smtp://desk:Classified@mail.example")), EmailSender),
    (WebhookChannel("w", Secret("https://hooks.example/Classified")), WebhookSender),
    (ChatChannel("c", Secret("slack://ClassifiedA/ClassifiedB/ClassifiedC")), ChatSender),
    (FolderChannel("f", "/nowhere"), FolderSender),
]


def test_every_kind_has_a_sender_and_is_tested_here() -> None:
    assert [channel.kind for channel, _ in SENDERS] == list(CHANNEL_KINDS)


@pytest.mark.parametrize(("channel", "sender"), SENDERS)
def test_a_channel_gets_the_sender_of_its_kind(channel: Channel, sender: type) -> None:
    assert type(create_sender(channel, httpx.AsyncHTTPTransport)) is sender


@pytest.mark.parametrize(("channel", "sender"), SENDERS)
def test_a_kind_with_an_http_sender_marks_the_url_that_it_requests(channel: Channel, sender: type) -> None:
    """`monitor check` warns of private addresses and http:// where the type of the URL is SecretUrl."""
    created = []

    def create_transport() -> httpx.AsyncBaseTransport:
        created.append(sender)
        return httpx.AsyncHTTPTransport()

    create_sender(channel, create_transport)
    marks = [mark for info in get_keys(type(channel)).values() for mark in list_annotated(info.annotation, ValueMark)]
    assert (ValueMark.HTTP_TARGET in marks) == bool(created)


@pytest.mark.parametrize("channel", [channel for channel, _ in SENDERS])
def test_targets_never_show_a_secret(channel: Channel) -> None:
    """Each secret above contains the word "Classified"; a mail address and a folder are shown as they are."""
    secrets = [value.reveal() for value in map(partial(getattr, channel), channel.__slots__) if type(value) is Secret]
    assert all("Classified" in secret for secret in secrets)
    assert channel.targets
    assert "Classified" not in "".join(channel.targets)


def test_targets_name_the_receiver() -> None:
    email, webhook, chat, folder = (channel.targets[0] for channel, _ in SENDERS)
    assert (email, folder) == ("a@b.example", "/nowhere")
    assert webhook.startswith("hooks.example#")
    assert chat.startswith("slack#")
