"""Text files of other programs. Their encoding and compression are detected, and they are read line by line."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from monitor.domain.errors import InputError, UsageError
from monitor.text.encoding import MIXED_ERRORS, detect_wide_encoding, guess_file_encoding

if TYPE_CHECKING:
    from monitor.domain.imported_people import ImportNote

_CHUNK_BYTES, _SAMPLE_BYTES, _HEAD_BYTES = 1_000_000, 20_000, 4096
_GZIP_MAGIC = b"\x1f\x8b"


class TextFile:
    """Text file whose lines can be read several times.

    If ``encoding`` is empty, the encoding is detected. Raises ``UsageError`` if the file cannot be read or the encoding
    does not exist, and ``InputError`` if a compressed file is damaged.
    """

    def __init__(self, path: Path, encoding: str = "") -> None:
        self._path = path
        try:
            with self._open() as file:
                head = file.read(_HEAD_BYTES)
            self.is_utf8 = True
            self.encoding = codecs.lookup(encoding).name if encoding else self._detect_encoding(head)
        except LookupError as error:
            raise UsageError(f"--encoding {encoding}: is not a known encoding; write a name such as cp1258") from error
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
        except (EOFError, zlib.error) as error:
            raise InputError(f"{path}: the gzip file is damaged or not complete") from error
        text = head.decode(self.encoding, "replace").lstrip("\ufeff \t\r\n")
        self.is_json = text.startswith(("{", "["))

    def read_lines(self, max_chars: int) -> Iterator[str]:
        """Yield the lines with their line ends. A line is cut to ``max_chars`` characters."""
        errors = MIXED_ERRORS if self.encoding == "utf-8" else "replace"
        try:
            with self._open() as raw, io.TextIOWrapper(raw, self.encoding, errors, newline="") as file:
                while line := file.readline(max_chars):
                    yield line.replace("\0", "")
                    while len(line) == max_chars and not line.endswith(("\n", "\r")):
                        line = file.readline(max_chars)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{self._path}: the gzip file is damaged or not complete") from error
        except UnicodeError as error:
            raise InputError(f"{self._path}: cannot be read as {self.encoding}: {error}") from error

    def list_notes(self) -> "list[ImportNote]":
        """Return a note that the encoding was guessed, or an empty list if the encoding is certain."""
        from monitor.domain.imported_people import ImportNote

        if self.is_utf8:
            return []
        message = f"is not valid UTF-8 and was read as {self.encoding}; if names are wrong, write --encoding NAME"
        return [ImportNote(str(self._path), message)]

    def _open(self) -> BinaryIO:
        with self._path.open("rb") as file:
            is_compressed = file.read(2) == _GZIP_MAGIC
        return gzip.open(self._path, "rb") if is_compressed else self._path.open("rb")  # type: ignore[return-value]

    def _detect_encoding(self, head: bytes) -> str:
        """Return the encoding of the file. ``head`` contains its first bytes.

        If ``head`` has no byte order mark and does not look like UTF-16, the whole file is read, because a single line
        anywhere may show that the file is not UTF-8.
        """
        if wide := detect_wide_encoding(head):
            return wide
        decoder, sample, is_valid = codecs.getincrementaldecoder("utf-8")(), b"", True
        with self._open() as file:
            while chunk := file.read(_CHUNK_BYTES):
                if is_valid:
                    try:
                        decoder.decode(chunk)
                    except UnicodeDecodeError:
                        is_valid = False
                if len(sample) < _SAMPLE_BYTES and not chunk.isascii():
                    sample += b"\n".join(line for line in chunk.splitlines() if not line.isascii())[:_SAMPLE_BYTES]
        self.is_utf8 = is_valid
        return "utf-8" if is_valid else guess_file_encoding(sample)
