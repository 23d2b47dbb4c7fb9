"""Configuration of sources that are neither feeds nor pages: JSON APIs and mailboxes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field

from monitor.domain.field_types import (
    STRICT,
    ImapUrl,
    JmesPath,
    RequiredSecretText,
    SecretText,
    ShortText,
    TokenUrl,
    WebUrl,
    as_list,
)
from monitor.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Api:
    """A JSON API that lists articles, and the JMESPath expressions that find the parts of each article."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    url: Annotated[WebUrl, Field(description="URL of the list of articles")]
    items: Annotated[JmesPath, Field(description="JMESPath of the list of articles, such as data.articles")] = "@"
    link: Annotated[JmesPath, Field(description="the URL of an article, inside an item")] = "url"
    id: Annotated[JmesPath, Field(description="an id of an article that never changes, inside an item")] = ""
    title: Annotated[JmesPath, Field(description="the headline, inside an item")] = "title"
    published: Annotated[JmesPath, Field(description="the date, inside an item; also seconds since 1970")] = ""
    summary: Annotated[JmesPath, Field(description="a short text, inside an item")] = ""
    text: Annotated[JmesPath, Field(description="the text of the article, inside an item; plain or HTML")] = ""
    authors: Annotated[JmesPath, Field(description="the writers, inside an item; a text or a list")] = ""
    reply_to: Annotated[JmesPath, Field(description="the id or URL of the item that this one answers")] = ""
    body: Annotated[
        Mapping[str, Any] | None, Field(description="JSON that is sent by POST; without it the request is a GET")
    ] = field(default=None, hash=False)
    next: Annotated[JmesPath, Field(description="the URL or the cursor of the next page, in the document")] = ""
    next_parameter: Annotated[
        ShortText, Field(description="the key of the query, or of body, that takes a cursor found by next")
    ] = ""
    max_pages: Annotated[int, Field(strict=True, ge=1, le=50, description="maximum number of pages")] = 1


MAX_MESSAGE_BYTES = 10_000_000
"""Maximum number of bytes that are read from one message in a mailbox; the rest of a longer message is not read."""


class MailContent(StrEnum):
    """Content of a mailbox that is read as articles: its messages, or the items to which its messages link."""

    AUTO = "auto"
    MESSAGE = "message"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class OAuthLogin:
    """A login by OAuth 2.0: the server that gives access tokens, and what is sent to it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    token_url: Annotated[
        TokenUrl, Field(description="URL that gives tokens, such as https://oauth2.googleapis.com/token")
    ]
    client_id: Annotated[RequiredSecretText, Field(description="the id of the program at the provider")]
    refresh_token: Annotated[RequiredSecretText, Field(description="the refresh token of the account")]
    client_secret: Annotated[SecretText | None, Field(description="the secret of the program at the provider")] = None
    scope: Annotated[ShortText, Field(description="the scope to ask for, if the provider needs it")] = ""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mail folder on an IMAP server. Its messages are articles, or contain lists of articles.

    Nothing is marked or deleted in the folder.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    server: Annotated[
        ImapUrl,
        Field(description="the mail server, such as imaps://desk@example.org:${IMAP_PASSWORD}@imap.example.org"),
    ]
    folder: Annotated[ShortText, Field(description="the folder that is read")] = "INBOX"
    oauth_token: Annotated[SecretText | None, Field(description="access token for XOAUTH2, instead of a password")] = (
        None
    )
    oauth: Annotated[
        OAuthLogin | None, Field(description="how to get access tokens for XOAUTH2, instead of oauth_token")
    ] = None
    articles: Annotated[
        MailContent,
        Field(description="message: each message is an article; links: each item that it links to; auto: by its form"),
    ] = MailContent.AUTO
    senders: Annotated[
        tuple[ShortText, ...],
        BeforeValidator(as_list, json_schema_input_type=list[str] | str),
        Field(description="addresses, or domains such as @ministry.example; other messages are ignored"),
    ] = ()

    def __post_init__(self) -> None:
        """Raise ``ValueError`` if there are two ways to log in by XOAUTH2."""
        if self.oauth_token is not None and self.oauth is not None:
            raise ValueError("oauth_token and oauth exclude each other; delete one of them")

    @property
    def address(self) -> str:
        """Return the URL of the server and the folder, without the login."""
        parts = urlsplit(self.server.reveal())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{self.folder}"

    @property
    def login(self) -> tuple[str, Secret]:
        """The user name and the password. If no password is configured, it is an empty secret."""
        parts = urlsplit(self.server.reveal())
        return parts.username or "", Secret(parts.password or "")
