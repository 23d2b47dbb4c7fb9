"""Types of the values in sources.yaml. Each type parses the text from the file, and defines its JSON Schema."""

from collections.abc import Callable
from datetime import date, timedelta
from enum import Enum, auto
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from monitor.domain import value_parsers
from monitor.domain.secret import Secret

T = TypeVar("T")
DEFAULT_DATABASE_URL = "sqlite:///monitor.db"
ID_PATTERN = "^[a-z0-9][a-z0-9-]{0,63}$"


def make_text_validator(parse: Callable[[str], T]) -> Callable[[Any], T]:
    """Return a validator that applies ``parse`` to a text. It raises ``ValueError`` for a value that is not a text."""

    def read(value: Any) -> T:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            parse(str(value))
        raise ValueError(describe_non_text(value))

    return read


def describe_non_text(value: Any) -> str:
    """Return the error message for a value that should be text but has another type.

    It states what to write instead.
    """
    if isinstance(value, bool | int | float):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        return f'{shown} is a {"truth value" if isinstance(value, bool) else "number"}, not text; write "{shown}"'
    kinds = {type(None): "nothing", list: "a list", dict: "a mapping"}
    return f"this is {kinds.get(type(value), 'something else')}, but must be text"


def clean_text(text: str) -> str:
    """Return the text without whitespace at its ends.

    Raises ``ValueError`` if the text is blank or contains control characters.
    """
    if not text.strip():
        raise ValueError("this is empty; write some text, or delete the key")
    if not text.isprintable() and any(ord(letter) < 32 and letter not in "\n\t" for letter in text):
        raise ValueError("this contains a control character; delete it")
    return text.strip()


class MissingSecretError(ValueError):
    """Raised if a reference to a secret cannot be resolved.

    The environment variable is missing or empty, or the file cannot be read.
    """


class ValidationContext(Protocol):
    """Protocol of the object that helps to validate configured values.

    It replaces references to secrets by the secrets, and checks selectors and cron lines.

    If ``is_required`` is true, every missing secret is an error. If it is false, a missing secret is an error only in a
    value of the type ``RequiredSecretText``, such as the database URL. Other values become ``UNRESOLVED_SECRET``.
    """

    @property
    def folder(self) -> Path:
        """The absolute path of the folder that contains the configuration file."""
        ...

    @property
    def is_required(self) -> bool:
        """Return whether every missing secret is an error."""
        ...

    def resolve(self, text: str) -> str:
        """Replace every reference to a secret in a text by the secret.

        Raises ``MissingSecretError`` if a secret is missing, and ``ValueError`` if a reference is invalid.
        """
        ...

    def parse_selector(self, text: str) -> str:
        """Check a CSS selector and return it unchanged. Raises ``ValueError`` if it is invalid."""
        ...

    def parse_jmespath(self, text: str) -> str:
        """Check a JMESPath expression and return it unchanged. Raises ``ValueError`` if it is invalid."""
        ...

    def parse_cron(self, text: str) -> str:
        """Check a cron line, and return it with weekday numbers replaced by names.

        Raises ``ValueError`` if the line is invalid.
        """
        ...


class ValueMark(Enum):
    """Property of a configured value that its Python type does not express.

    The property is added to the type annotation of the field. `monitor check` and the hiding of secrets use it. Without
    ``LOGIN_IS_SECRET``, the whole value of a secret field is the secret.
    """

    LOGIN_IS_SECRET = auto()
    """Only the login in the URL is a secret, as in ``smtps://user:password@host``."""
    HTTP_TARGET = auto()
    """The program sends requests to this URL.

    `monitor check` warns if the URL is in a private network, or begins with ``http://``.
    """


class WarningIfMissing(Struct, frozen=True):
    """Text of the warning that `monitor check` prints if a key is missing.

    The object is added to the type annotation of the field.
    """

    text: str


STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)
"""Pydantic configuration that all types of sources.yaml use.

Unknown keys are errors. Error messages never contain the value, because it may be a secret.
"""


def get_context(info: ValidationInfo) -> ValidationContext:
    """Return the ``ValidationContext`` with which pydantic was called to validate a value.

    ``info`` is what pydantic passes to a validator. Raises ``TypeError`` if pydantic was called without a context.
    """
    if info.context is None:
        raise TypeError("values of sources.yaml are validated with a ValidationContext")
    context: ValidationContext = info.context
    return context


UNRESOLVED_SECRET = Secret("")
"""The value of a secret that is missing, if missing secrets are allowed."""


def _resolve_optional_secret(value: Any, info: ValidationInfo) -> Secret:
    """Return the secret in a configured value.

    If the secret is missing, and missing secrets are allowed, return ``UNRESOLVED_SECRET``.
    """
    try:
        return _resolve_required_secret(value, info)
    except MissingSecretError:
        if get_context(info).is_required:
            raise
        return UNRESOLVED_SECRET


def _resolve_required_secret(value: Any, info: ValidationInfo) -> Secret:
    """Return the secret that a configured value contains, or to which it refers (``${NAME}`` or ``file:/path``).

    Raises ``ValueError`` if the reference cannot be resolved. The error message does not contain the secret.
    """
    if isinstance(value, Secret):
        return value  # the default value of a field
    if not isinstance(value, str):
        raise ValueError("this must be text; write ${NAME}, file:/path, or the text in quotes")  # noqa: TRY004 - as above
    return Secret(get_context(info).resolve(value))


def make_secret_validator(check: Callable[[str], object]) -> AfterValidator:
    """Return a validator that calls ``check`` with the text of a secret, unless the secret is missing."""

    def checked(secret: Secret) -> Secret:
        if secret is not UNRESOLVED_SECRET:
            check(secret.reveal())
        return secret

    return AfterValidator(checked)


def check_smtp_url(text: str) -> None:
    """Check the URL of a mail server through which mail is sent. Raises ``ValueError`` if it is invalid."""
    parts = value_parsers.split_url(text, ("smtps", "smtp"))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("a mail server's URL ends after host and port, such as smtps://user:${PASSWORD}@host:465")
    if "@" in parts.netloc and not (parts.username and parts.password):
        raise ValueError("a mail server's login needs user and password, such as smtps://user:${PASSWORD}@host")
    if parts.username and parts.scheme == "smtp" and parts.port == 465:
        raise ValueError("port 465 uses TLS from the start, and passwords are sent with TLS only; write smtps://")


def check_imap_url(text: str) -> None:
    """Check the IMAP URL of a mail server from which messages are read. Raises ``ValueError`` if it is invalid."""
    parts = value_parsers.split_url(text, ("imaps", "imap"))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("the URL of the server ends after host and port; write the folder under `folder`")
    if not parts.username:
        raise ValueError("a mailbox needs a user, such as imaps://desk@example.org:${PASSWORD}@imap.example.org")
    if parts.scheme == "imap" and parts.port == 993:
        raise ValueError("port 993 uses TLS from the start; write imaps://")


def check_chat_url(text: str) -> None:
    """Check that a text has the form of a chat URL. Raises ``ValueError`` if it does not.

    The library Apprise checks later, when the channel is loaded, that the chat service exists.
    """
    scheme, sep, rest = text.partition("://")
    if not (sep and scheme.isalnum() and rest) or any(letter.isspace() for letter in text):
        raise ValueError("a chat service is a URL as Apprise writes it, such as slack://TokenA/TokenB/TokenC")


def check_database_url(text: str) -> None:
    """Check that a URL belongs to an SQLite or PostgreSQL database. Raises ``ValueError`` if it does not."""
    if text.startswith("sqlite:///") and text.removeprefix("sqlite:///").strip("/:") not in {"", "memory"}:
        return
    if text.startswith("postgresql+psycopg://"):
        return
    raise ValueError("a database is sqlite:///FILE or postgresql+psycopg://user:${PASSWORD}@host/name")


def as_list(value: Any) -> Any:
    """Return a text as a list with this one element. A value of another type is returned unchanged."""
    return [value] if isinstance(value, str) else value


def as_mapping(key: str) -> Callable[[Any], Any]:
    """Return a function that converts a text to ``{key: text}``, and returns a value of another type unchanged.

    The function allows a short form in sources.yaml, such as a role that is only its title.
    """
    return lambda value: {key: value} if isinstance(value, str) else value


def parse_paused(value: Any) -> Any:
    """Return the reason why a source is paused, as text.

    ``true`` gives a default reason. ``false`` gives an empty text, which means that the source is not paused. Other
    values are returned unchanged.
    """
    if isinstance(value, bool):
        return "paused in the configuration" if value else ""
    return value


def _parse_poll_interval(value: Any) -> Any:
    return None if value == "auto" else make_text_validator(value_parsers.parse_duration)(value)


def _parse_retention(value: Any) -> Any:
    return None if value == "forever" else make_text_validator(value_parsers.parse_duration)(value)


def parse_probe_address(value: Any) -> Any:
    """Return the host and port of the server that answers health checks (probes). For the word ``off``, return None."""
    return None if value == "off" else make_text_validator(value_parsers.parse_host_port)(value)


def parse_digest_time(value: Any) -> Any:
    """Parse the times at which a digest is due.

    A single value is returned as a time of day, and a list as a tuple of times. The word ``immediately`` is returned
    unchanged.
    """
    parse = make_text_validator(value_parsers.parse_time_of_day)
    if isinstance(value, list):
        return tuple(parse(one) for one in value)
    return value if value == "immediately" else parse(value)


def _parse_selector(text: str, info: ValidationInfo) -> str:
    return get_context(info).parse_selector(text)


def _parse_jmespath(text: str, info: ValidationInfo) -> str:
    return get_context(info).parse_jmespath(text)


def _parse_cron(text: str, info: ValidationInfo) -> str:
    return get_context(info).parse_cron(text)


def _resolve_path(path: str, info: ValidationInfo) -> str:
    return str((get_context(info).folder / path).absolute())


_DURATION_SCHEMA_PATTERN = r"([0-9]+[smhdwy])+"

LongText = Annotated[str, AfterValidator(clean_text), Field(max_length=2000, min_length=1)]
ShortText = Annotated[str, AfterValidator(clean_text), Field(max_length=200, min_length=1)]
QueryText = Annotated[str, AfterValidator(clean_text), Field(max_length=10_000, min_length=1)]


FilePath = Annotated[ShortText, AfterValidator(_resolve_path)]
"""Path of a file. A relative path starts from the folder of the configuration file. The result is absolute."""

Flag = Annotated[bool, Field(strict=True)]
CssSelector = Annotated[str, AfterValidator(_parse_selector)]
JmesPath = Annotated[str, AfterValidator(_parse_jmespath)]
CronLine = Annotated[str, AfterValidator(_parse_cron)]
HeaderName = Annotated[str, AfterValidator(value_parsers.parse_header_name)]
Texts = tuple[ShortText, ...]


Id = Annotated[str, AfterValidator(value_parsers.parse_id), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]


WikidataId = Annotated[
    str,
    BeforeValidator(make_text_validator(value_parsers.parse_wikidata_id)),
    WithJsonSchema({"type": "string", "pattern": value_parsers.WIKIDATA_ID_PATTERN}),
]


WebUrl = Annotated[
    str, AfterValidator(value_parsers.parse_url), WithJsonSchema({"type": "string", "pattern": "^https?://"})
]


TokenUrl = Annotated[
    str, AfterValidator(value_parsers.parse_token_url), WithJsonSchema({"type": "string", "pattern": "^https?://"})
]


DateFormat = Annotated[str, AfterValidator(value_parsers.parse_date_format)]


LanguageCode = Annotated[str, AfterValidator(value_parsers.parse_language_code)]


TimeZoneName = Annotated[str, AfterValidator(value_parsers.parse_timezone)]


EmailAddress = Annotated[
    str, AfterValidator(value_parsers.parse_email_address), WithJsonSchema({"type": "string", "format": "email"})
]
Duration = Annotated[
    timedelta,
    BeforeValidator(make_text_validator(value_parsers.parse_duration)),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{_DURATION_SCHEMA_PATTERN}$", "examples": ["15m", "2h", "7d", "2y"]}
    ),
]
PollInterval = Annotated[
    timedelta | None,
    BeforeValidator(_parse_poll_interval),
    WithJsonSchema({"type": "string", "pattern": f"^(auto|{_DURATION_SCHEMA_PATTERN})$"}),
]
RetentionPeriod = Annotated[
    timedelta | None,
    BeforeValidator(_parse_retention),
    WithJsonSchema({"type": "string", "pattern": f"^(forever|{_DURATION_SCHEMA_PATTERN})$"}),
]
CalendarDate = Annotated[
    date,
    BeforeValidator(make_text_validator(value_parsers.parse_date)),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"}),
]
CidrNetwork = Annotated[
    IPv4Network | IPv6Network,
    BeforeValidator(make_text_validator(value_parsers.parse_network)),
    WithJsonSchema({"type": "string"}),
]
ProbeAddress = Annotated[
    tuple[str, int] | None, BeforeValidator(parse_probe_address), WithJsonSchema({"type": "string"})
]
SecretText = Annotated[Secret, BeforeValidator(_resolve_optional_secret), WithJsonSchema({"type": "string"})]
RequiredSecretText = Annotated[Secret, BeforeValidator(_resolve_required_secret), WithJsonSchema({"type": "string"})]


ImapUrl = Annotated[SecretText, ValueMark.LOGIN_IS_SECRET, make_secret_validator(check_imap_url)]
"""URL of a mail server from which messages are read. Only the login in the URL is a secret."""
HeaderValue = Annotated[SecretText, make_secret_validator(value_parsers.check_header_value)]
"""Value of an HTTP header. It may be a secret or contain a reference to one."""
_HttpUrl = Annotated[
    SecretText,
    ValueMark.LOGIN_IS_SECRET,
    make_secret_validator(lambda text: value_parsers.split_url(text, ("https", "http"))),
]
LinkUrl = _HttpUrl
"""URL (http or https) that people open. The program itself sends no request to it."""
SecretUrl = Annotated[_HttpUrl, ValueMark.HTTP_TARGET]
"""URL (http or https) to which the program sends requests.

It may contain a secret, so it is never shown.
"""
Ids = Annotated[tuple[Id, ...], BeforeValidator(as_list, json_schema_input_type=list[Id] | Id)]
