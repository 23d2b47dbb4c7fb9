"""References to secrets: ``${NAME}``, ``${file:/path}`` and ``file:/path``. No error message contains a secret."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from monitor.domain.field_types import MissingSecretError

MAX_SECRET_FILE_BYTES = 65536

_REFERENCE = re.compile(r"\$\$|\$\{([^{}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class SecretResolver(Struct, frozen=True):
    """Object that replaces references to secrets by the secrets.

    ``environ`` are the environment variables, and ``folder`` is the folder from which relative paths start.
    ``is_required`` is used by the validation of the configuration, and not in ``resolve``. If it is false, most missing
    secrets are accepted, so that read-only commands work without passwords (see ``ValidationContext``).
    """

    environ: Mapping[str, str]
    folder: Path
    is_required: bool = True

    def resolve(self, text: str) -> str:
        """Return a text with every reference replaced by its secret; ``$$`` becomes a dollar sign.

        In the user part of a URL (``scheme://user:${NAME}@host``) secrets are percent-encoded, so that a password may
        contain any character. Raises ``MissingSecretError`` if a variable is missing or empty or a file cannot be read,
        and ``ValueError`` if a reference or a file is invalid. The error message contains the name of the variable or
        file.
        """
        if text.startswith("file:"):
            return self._read_file(self._substitute_references(text.removeprefix("file:")))
        scheme, sep, rest = text.partition("://")
        user, at, place = rest.rpartition("@")
        if sep and at:
            user = self._substitute_references(user, percent_encode=True)
            return f"{self._substitute_references(scheme)}://{user}@{self._substitute_references(place)}"
        return self._substitute_references(text)

    def _substitute_references(self, text: str, *, percent_encode: bool = False) -> str:
        def put(found: re.Match[str]) -> str:
            if found[0] == "$$":
                return "$"
            secret = self._resolve_reference(found[1])
            return quote(secret, safe="") if percent_encode else secret

        return _REFERENCE.sub(put, text)

    def _resolve_reference(self, name: str) -> str:
        if name.startswith("file:"):
            return self._read_file(name.removeprefix("file:"))
        if not _VARIABLE_NAME.fullmatch(name):
            raise ValueError("${...} does not name a variable; use a form such as ${SMTP_PASSWORD}")
        secret = self.environ.get(name)
        if secret is None:
            raise MissingSecretError(f"the environment variable {name} is not set; set it, or use file:/path/to/secret")
        if not secret:
            raise MissingSecretError(f"the environment variable {name} is empty; give it a value")
        return secret

    def _read_file(self, name: str) -> str:
        path = self.folder / name
        try:
            if path.stat().st_size > MAX_SECRET_FILE_BYTES:
                raise ValueError(
                    f"the secret file {name} has over {MAX_SECRET_FILE_BYTES:,} bytes; it holds one secret only"
                )
            secret = path.read_text(encoding="utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise ValueError(f"the secret file {name} is not UTF-8 text; save it as such") from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise MissingSecretError(
                f"the secret file {name} cannot be read ({reason}); create it, or correct the path"
            ) from error
        if not secret:
            raise ValueError(f"the secret file {name} is empty; put the secret into it")
        return secret


def has_secret_reference(text: str) -> bool:
    """Return whether a text contains a reference to a secret."""
    return text.startswith("file:") or any(found[0] != "$$" for found in _REFERENCE.finditer(text))
