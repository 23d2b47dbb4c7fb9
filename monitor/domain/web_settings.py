"""Settings of the desk, the web interface of this program."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from monitor.domain.field_types import (
    STRICT,
    CidrNetwork,
    Duration,
    Flag,
    HeaderName,
    SecretText,
    ShortText,
    WebUrl,
    as_list,
    as_mapping,
    make_secret_validator,
    make_text_validator,
)
from monitor.domain.readers import Role
from monitor.domain.secret import Secret
from monitor.domain.value_parsers import parse_host_port

UNIX_PREFIX = "unix:"
MIN_SECRET_CHARS = 32
DEFAULT_LINK_PERIOD = timedelta(days=14)


class LoginMethod(StrEnum):
    """Way to log in to the desk. One-time addresses are always possible in addition."""

    TOKEN = "token"  # noqa: S105 - the name of a method
    """Readers log in only with one-time addresses, which the command line prints."""
    PASSWORD = "password"  # noqa: S105 - the name of a method
    HEADER = "header"
    """A reverse proxy authenticates the reader and sends the login in a header."""
    OIDC = "oidc"
    """An OpenID provider authenticates the reader."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Address at which the desk is served: host and port, or the path of a Unix socket."""

    host: str = "127.0.0.1"
    port: int = 8788
    socket: str = ""

    def __str__(self) -> str:
        """Return the address in the form that ``parse_listen_address`` reads."""
        return f"{UNIX_PREFIX}{self.socket}" if self.socket else self.url.removeprefix("http://")

    @property
    def url(self) -> str:
        """The URL of the desk on this machine, or an empty text for a Unix socket."""
        return "" if self.socket else f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


DEFAULT_LISTEN = ListenAddress()


def parse_listen_address(text: str) -> ListenAddress:
    """Parse a listen address, ``HOST:PORT`` or ``unix:/PATH``. Raises ``ValueError`` if it is invalid."""
    if text.startswith(UNIX_PREFIX):
        path = text.removeprefix(UNIX_PREFIX)
        if not path.startswith("/"):
            raise ValueError("a socket needs an absolute path, such as unix:/run/monitor/web.sock")
        return ListenAddress(socket=path)
    try:
        return ListenAddress(*parse_host_port(text))
    except ValueError:
        raise ValueError(
            f'"{text}" is not a valid address; write it such as 127.0.0.1:8788 or unix:/run/monitor/web.sock'
        ) from None


def _check_length(text: str) -> None:
    if len(text) < MIN_SECRET_CHARS:
        raise ValueError(f"the secret is short; use at least {MIN_SECRET_CHARS} random characters")


_SigningSecret = Annotated[SecretText, make_secret_validator(_check_length)]


@dataclass(frozen=True, slots=True)
class HeaderLogin:
    """Login by an HTTP header in which a reverse proxy states the login of the reader."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    senders: Annotated[
        tuple[CidrNetwork, ...],
        BeforeValidator(as_list, json_schema_input_type=list[str] | str),
        Field(alias="from", min_length=1, description="networks of the proxies whose header counts"),
    ]
    name: Annotated[HeaderName, Field(description="header with the login of the reader")] = "X-Remote-User"
    role: Annotated[Role, Field(description="role of a reader who logs in for the first time")] = Role.VIEWER


@dataclass(frozen=True, slots=True)
class OidcLogin:
    """Login through an OpenID provider (OpenID Connect, code flow with PKCE)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    issuer: Annotated[WebUrl, Field(description="address of the provider, as it names itself")]
    client: Annotated[ShortText, Field(description="id of the desk at the provider")]
    secret: Annotated[SecretText, Field(description="secret of the desk at the provider")]
    login: Annotated[ShortText, Field(description="claim with the login of the reader")] = "preferred_username"
    groups: Annotated[ShortText, Field(description="claim with the groups of the reader")] = "groups"
    roles: Annotated[
        dict[ShortText, Role], Field(description="role of the members of each group; the highest one counts")
    ] = field(default_factory=dict, hash=False)
    role: Annotated[Role | None, Field(description="role without such a group; by default, the login is refused")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Settings of the links in digests by which readers give feedback on the desk."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    period: Annotated[Duration, Field(alias="for", description="how long the links act")] = DEFAULT_LINK_PERIOD
    login: Annotated[Flag, Field(description="whether a link acts only after a login")] = False


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Settings of the desk. The desk is served if the key `web` is present, even without settings: ``web: {}``."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    listen: Annotated[
        ListenAddress,
        BeforeValidator(make_text_validator(parse_listen_address)),
        WithJsonSchema({"type": "string"}),
        Field(description="address and port of the desk, or unix:/path of a socket"),
    ] = DEFAULT_LISTEN
    url: Annotated[WebUrl, Field(description="URL by which readers reach the desk; digests link to it")] = ""
    login: Annotated[LoginMethod, Field(description="how readers log in")] = LoginMethod.TOKEN
    header: Annotated[HeaderLogin | None, Field(description="login by a header of a reverse proxy")] = None
    oidc: Annotated[OidcLogin | None, Field(description="login by an OpenID provider")] = None
    secret: Annotated[
        _SigningSecret | None,
        Field(description="key that signs links; default: a file next to the SQLite database"),
    ] = None
    edit: Annotated[Flag, Field(description="whether readers may edit sources.yaml on the desk")] = True
    links: Annotated[
        LinkSettings | None,
        BeforeValidator(lambda value: None if value == "no" or value is False else as_mapping("for")(value)),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"for": {"type": "string"}, "login": {"type": "boolean"}},
                    },
                ]
            }
        ),
        Field(description="how long links in digests act, or no"),
    ] = LinkSettings()

    @property
    def public_url(self) -> str:
        """The URL of the desk, without a slash at the end.

        It is the configured URL; if none is configured, it is the URL on this machine.
        """
        return (self.url or self.listen.url).rstrip("/")

    @property
    def signing_key(self) -> Secret | None:
        """The configured secret with which the links in digests are signed, or None if no secret is configured."""
        return self.secret if self.secret and self.secret.reveal() else None
