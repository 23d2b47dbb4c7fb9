"""Configured channels: the ways in which digests are sent, such as mail or a webhook.

Each kind has a class here, which belongs to the union ``Channel``, and a sender in ``monitor.deliver``. All other code
(the checks of `monitor check`, the JSON schema, labels of metrics) reads ``CHANNEL_KINDS`` and the annotations of the
fields. Values from sources.yaml are validated by pydantic; values from code that constructs a channel are not checked.

The ``kind`` of a class is its key in sources.yaml. ``inline_field`` is the field whose value is written directly after
that key, as in ``folder: outbox``. If ``inline_field`` is empty, a mapping of all fields follows the key, as in
``webhook: {url: ...}``.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, ClassVar, get_args
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field

from monitor.domain.field_types import (
    STRICT,
    EmailAddress,
    FilePath,
    LinkUrl,
    SecretText,
    SecretUrl,
    ValueMark,
    WarningIfMissing,
    as_list,
    check_chat_url,
    check_smtp_url,
    make_secret_validator,
)
from monitor.domain.secret import Secret
from monitor.domain.value_parsers import parse_signing_key

OUTBOX_CHANNEL_ID = "outbox"
"""Id of the folder channel that can be used even if it is not configured."""


def _label_secret_url(url: Secret) -> str:
    """Return a label by which users recognise a secret URL: its host, and a short hash of the URL.

    In the URL of a chat service, the host is a part of the secret. The label then has the name of the service (the URL
    scheme) instead.
    """
    text = url.reveal()
    parts = urlsplit(text)
    place = parts.hostname if parts.scheme in {"http", "https"} else parts.scheme
    return f"{place or 'target'}#{hashlib.sha256(text.encode()).hexdigest()[:8]}"


_MailServer = Annotated[SecretText, ValueMark.LOGIN_IS_SECRET, make_secret_validator(check_smtp_url)]
_ChatUrl = Annotated[SecretText, make_secret_validator(check_chat_url)]
_SigningKey = Annotated[SecretText, make_secret_validator(parse_signing_key)]
_Recipients = Annotated[
    tuple[EmailAddress, ...],
    Field(min_length=1, json_schema_extra={"minItems": 1}),
    BeforeValidator(as_list, json_schema_input_type=list[EmailAddress] | str),
]
_SigningKeys = Annotated[
    tuple[_SigningKey, ...],
    Field(max_length=2, json_schema_extra={"maxItems": 2}),
    BeforeValidator(as_list, json_schema_input_type=list[str] | str),
]


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Mail to one or more recipients, sent through a mail server."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    kind: ClassVar[str] = "email"
    inline_field: ClassVar[str] = ""

    id: str
    to: Annotated[_Recipients, Field(description="the recipients, such as [desk@example.org]")]
    sender: Annotated[EmailAddress, Field(alias="from", description="the sender, such as monitor@example.org")]
    server: Annotated[
        _MailServer, Field(description="the mail server, such as smtps://user:${SMTP_PASSWORD}@mail.example.org")
    ]
    unsubscribe: Annotated[
        LinkUrl | None, Field(description="your https address for one-click unsubscription")  # RFC 8058
    ] = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The address of each recipient. The message to each one is sent and retried separately."""
        return tuple(dict.fromkeys(self.to))


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """A webhook, which gets signed JSON by HTTP POST."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    kind: ClassVar[str] = "webhook"
    inline_field: ClassVar[str] = ""

    id: str
    url: Annotated[SecretUrl, Field(description="the URL of the receiver, such as https://hooks.example.org/x")]
    secrets: Annotated[
        _SigningKeys,
        WarningIfMissing("messages are not signed, so the receiver cannot detect a forged one; add secret: ${NAME}"),
        Field(alias="secret", description="signing secret, such as ${HOOK_SECRET}; a list of two signs with both"),
    ] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The only target: a label that represents the URL of the webhook and contains no secrets."""
        return (_label_secret_url(self.url),)


@dataclass(frozen=True, slots=True)
class ChatChannel:
    """A chat service, given by its Apprise URL."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    kind: ClassVar[str] = "chat"
    inline_field: ClassVar[str] = "url"

    id: str
    url: Annotated[_ChatUrl, Field(description="Apprise URL, such as slack://TokenA/TokenB/TokenC")]

    @property
    def targets(self) -> tuple[str, ...]:
        """The only target: a label that represents the URL of the chat service and contains no secrets."""
        return (_label_secret_url(self.url),)


@dataclass(frozen=True, slots=True)
class FolderChannel:
    """Folder into which each digest is written as an .eml, an .html and a .json file."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    kind: ClassVar[str] = "folder"
    inline_field: ClassVar[str] = "path"

    id: str
    path: Annotated[FilePath, Field(description="the folder, such as outbox")]

    @property
    def targets(self) -> tuple[str, ...]:
        """The only target: the path of the folder."""
        return (self.path,)


Channel = EmailChannel | WebhookChannel | ChatChannel | FolderChannel

CHANNEL_KINDS: dict[str, type[Channel]] = {model.kind: model for model in get_args(Channel)}
"""Dictionary that maps the key of a kind of channel in sources.yaml, such as ``email``, to its class."""
