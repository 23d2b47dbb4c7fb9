"""Redaction: replaces secrets by asterisks in all text that leaves the program."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct
from msgspec.structs import asdict

from monitor.domain.secret import Secret

REPLACEMENT = "***"
MIN_SECRET_CHARS = 4
"""Minimum length of a secret that is replaced. Shorter secrets also occur in ordinary words."""

_SECRET_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=]\s*['\"]?)[^'\"\r\n,;]+",
        r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}",
        r"(whsec_)()[A-Za-z0-9+/=_-]+",
        r"([a-z][a-z0-9+.-]*://)()[^\s/@'\"<>]+(?=@)",
        r"(?i)([?&][\w.-]*(?:token|key|secret|passw|pwd|sig|auth|session|code)[\w.-]*)(=)[^&\s'\"<>#]+",
    )
)


class Redactor:
    """Callable that replaces known secrets, and text that looks like a secret, by asterisks.

    Secrets can be added at any time.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secret_texts: set[str] = set()
        self._known_secrets: re.Pattern[str] | None = None
        self.add_secrets(secrets)

    def add_secrets(self, secrets: Iterable[Secret]) -> None:
        """Add secrets that must be replaced. Earlier secrets are kept, because they may still appear in output."""
        for secret in secrets:
            self._secret_texts.update(
                text for text in _secret_variants(secret.reveal()) if len(text) >= MIN_SECRET_CHARS
            )
        if self._secret_texts:
            longest_first = sorted(self._secret_texts, key=lambda text: (-len(text), text))
            self._known_secrets = re.compile("|".join(map(re.escape, longest_first)))

    def count_secrets(self) -> int:
        """Return the number of texts that are replaced.

        A secret counts once for each different form in which it may appear, such as its URL-encoded form.
        """
        return len(self._secret_texts)

    def __call__(self, text: str) -> str:
        """Replace each secret in a text by asterisks."""
        if self._known_secrets is not None:
            text = self._known_secrets.sub(REPLACEMENT, text)
        for pattern in _SECRET_PATTERNS:
            text = pattern.sub(rf"\1\2{REPLACEMENT}", text)
        return text


def _secret_variants(secret: str) -> Iterator[str]:
    """Yield the forms in which a secret may appear in a text.

    The password, path and query of a secret URL also count as secrets. Each is yielded unchanged, URL-encoded, and
    escaped as in JSON and in Python.
    """
    if secret.startswith("sqlite:"):
        return
    parts = [secret]
    if "://" in secret:
        try:
            url = urlsplit(secret)
            password = url.password or ""
        except ValueError:
            url, password = urlsplit(""), ""
        path_and_query = url.path + (f"?{url.query}" if url.query else "")
        parts += [password, unquote(password), url.query]
        parts += (
            [path_and_query] if len(path_and_query) >= 2 * MIN_SECRET_CHARS and url.scheme.startswith("http") else []
        )
    for part in parts:
        yield part
        yield quote(part, safe="")
        yield quote(part)
        yield json.dumps(part)[1:-1]
        yield json.dumps(part, ensure_ascii=False)[1:-1]
        yield repr(part)[1:-1]


def find_secrets(value: Any) -> Iterator[Secret]:
    """Yield every secret in a configuration or in a part of it, such as a channel."""
    if isinstance(value, Secret):
        yield value
    elif value is None or isinstance(value, str | int):
        return  # true of most values, so this is tested first
    elif isinstance(value, Mapping):
        yield from find_secrets(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from find_secrets(item)
    elif isinstance(value, Struct):
        yield from find_secrets(asdict(value))
    elif is_dataclass(value):
        for field in fields(value):
            yield from find_secrets(getattr(value, field.name))
