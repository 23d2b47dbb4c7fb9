"""Other files that sources.yaml refers to: included parts of the configuration, and files with dates.

The entries of an included file are merged into the sections of sources.yaml before any check. An error in such an entry
is reported with the included file and the line in it.
"""

import glob
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct

from monitor.config.sections import SECTION_DESCRIPTIONS
from monitor.config.yaml_document import FilePosition, KeyPath, YamlDocument, dump_as_json, parse_yaml
from monitor.domain.errors import ConfigIssue

INCLUDE_KEY = "include"
PEOPLE_PATH: KeyPath = ("officials", "from")
"""Key path of the setting that names files with officials.

If the value is a mapping, it is not this setting but an official with the id ``from``.
"""
MAX_INCLUDED_FILES = 500
_UNMERGED_SECTIONS = (INCLUDE_KEY, "settings")
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_NAMES_FILES = re.compile(rb"^include[ \t]*:|\b(?:except|from)['\"]?[ \t]*:", re.MULTILINE)
_READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH


class SourceFile(Struct, frozen=True):
    """A parsed file of the configuration: sources.yaml, an included file, or a file of officials.

    ``data`` are its bytes.
    """

    path: Path
    document: YamlDocument
    is_readable_by_others: bool = False
    data: bytes = b""

    def build_issue(self, position: FilePosition, message: str) -> ConfigIssue:
        """Return an issue at a position in this file."""
        return ConfigIssue(str(self.path), position.line, position.column, message)


@dataclass(slots=True)
class FileSet:
    """The parsed sources.yaml, merged with the files that it refers to.

    A key path consists of the section and the id of an entry. For a synonym, which has no id, it consists of
    ``synonyms`` and an index in the merged list.

    - ``main`` is sources.yaml itself.
    - ``tree`` contains the entries of all files.
    - ``origins`` maps the key path of each entry that comes from an included file to this file.
    - ``own_paths`` maps the key path of each synonym from an included file to its key path in that file.
    - ``included`` are the included files.
    - ``has_other_files`` is true if sources.yaml refers to at least one existing file.
    - ``edited`` maps paths of included files to contents that are used instead of the contents on the disk. Such a file
      need not exist on the disk.
    """

    main: SourceFile
    tree: Any = None
    origins: dict[KeyPath, SourceFile] = field(default_factory=dict)
    own_paths: dict[KeyPath, KeyPath] = field(default_factory=dict)
    issues: list[ConfigIssue] = field(default_factory=list)
    warnings: list[ConfigIssue] = field(default_factory=list)
    has_other_files: bool = False
    edited: Mapping[Path, bytes] = field(default_factory=dict)
    included: list[SourceFile] = field(default_factory=list)

    def find_file(self, path: KeyPath) -> tuple[SourceFile, KeyPath]:
        """Return the file that contains a key of the merged configuration, and the path of the key within this file."""
        entry = path[:2]
        return self.origins.get(entry, self.main), (*self.own_paths.get(entry, entry), *path[2:])

    def is_readable_by_others(self, path: KeyPath) -> bool:
        """Return whether other users of this machine can read the file that contains a key."""
        return self.find_file(path)[0].is_readable_by_others


def read_file_set(data: bytes, path: Path, edited: Mapping[Path, bytes] | None = None) -> FileSet:
    """Parse the bytes of sources.yaml, and merge the files that it refers to. The result also contains all errors.

    ``path`` is the path of sources.yaml, from which relative names are resolved. ``edited`` maps the path of an
    included file to bytes that are used instead of the file on the disk.
    """
    document = parse_yaml(data)
    main = SourceFile(path, document, _is_readable_by_others(path), data)
    files = FileSet(main, document.value, edited=edited or {})
    files.issues += [files.main.build_issue(place, message) for place, message in document.errors]
    if isinstance(files.tree, dict):
        files.tree = dict(files.tree)
        _merge_included_files(files)
        _merge_people_files(files)
        _read_date_files(files)
    return files


def dump_file_set(files: FileSet, data: bytes) -> bytes:
    """Return the whole configuration as one file, so that no other file is needed to read it.

    ``data`` are the bytes of sources.yaml; they are returned unchanged if it refers to no other file. The daemon stores
    the result for worker processes on other machines, and for itself after a restart. The result is YAML in the form of
    JSON, which is written and read many times faster.
    """
    if not files.has_other_files:
        return data
    tree = {key: value for key, value in files.tree.items() if key != INCLUDE_KEY}
    return dump_as_json(tree).encode()


def list_file_patterns(data: bytes) -> tuple[str, ...]:
    """Return the names and glob patterns of other files to which sources.yaml refers. ``data`` are its bytes.

    The result is empty if the file cannot be parsed. Names inside included files are not returned.
    """
    if not _NAMES_FILES.search(data):  # true for most files; the parsing of a large file takes half a second
        return ()
    tree = parse_yaml(data).value
    if not isinstance(tree, dict):
        return ()
    named = [*_iter_texts(tree.get(INCLUDE_KEY)), *_iter_people_files(tree), *_iter_date_files(tree)]
    return tuple(one for _, one in named)


def list_include_patterns(data: bytes) -> tuple[str, ...]:
    """Return the names and globs of the files that sources.yaml includes. ``data`` are its bytes."""
    tree = parse_yaml(data).value
    return tuple(one for _, one in _iter_texts(tree.get(INCLUDE_KEY))) if isinstance(tree, dict) else ()


def expand_patterns(folder: Path, patterns: Sequence[str]) -> tuple[Path, ...]:
    """Return the existing files that match relative names or glob patterns, without repetitions."""
    return tuple(dict.fromkeys(found for pattern in patterns for found in _expand_pattern(folder, pattern)))


def _is_readable_by_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _READABLE_BY_OTHERS)
    except OSError:
        return False


def _iter_texts(value: Any) -> Iterator[tuple[KeyPath, str]]:
    """Yield each text in a list, with its path relative to the list: a tuple that contains only its index.

    If the value is a single text, it is yielded with an empty path. Other values are ignored.
    """
    if isinstance(value, str):
        yield (), value
    elif isinstance(value, list):
        yield from (((index,), one) for index, one in enumerate(value) if isinstance(one, str))


def _expand_pattern(folder: Path, pattern: str) -> list[Path]:
    """Return the existing files that match a relative name or glob pattern, sorted by name.

    An absolute path or a URL matches nothing.
    """
    if not _is_relative(pattern):
        return []
    # unlike pathlib, this accepts patterns that begin with "../"
    names = sorted(glob.glob(pattern, root_dir=folder, recursive=True))[:MAX_INCLUDED_FILES]  # noqa: PTH207
    return [folder / name for name in names if (folder / name).is_file()]


def _is_relative(pattern: str) -> bool:
    return "://" not in pattern and not pattern.startswith(("/", "~"))


def _merge_included_files(files: FileSet) -> None:
    included = files.tree.get(INCLUDE_KEY)
    if INCLUDE_KEY not in files.tree:
        return
    if not isinstance(included, str | list) or len(list(_iter_texts(included))) != len(
        included if isinstance(included, list) else [included]
    ):
        _add_issue(files, (INCLUDE_KEY,), "include is a list of file names, such as [people.yaml, sources/*.yaml]")
    for name in _find_files(files, (((INCLUDE_KEY, *inner), name) for inner, name in _iter_texts(included))):
        _merge_file(files, name)


def _find_files(files: FileSet, patterns: Iterable[tuple[KeyPath, str]]) -> Iterator[Path]:
    """Yield each existing file that a name or glob pattern matches, and report each pattern that matches no file.

    ``patterns`` are pairs: the key path of the pattern in sources.yaml, and the pattern.
    """
    folder = files.main.path.parent
    seen = {files.main.path.absolute().resolve()}
    for path, pattern in patterns:
        if not _is_relative(pattern):
            text = f'"{pattern}" is not a relative name; write the name of a file, seen from the folder of this one'
            _add_issue(files, path, text)
            continue
        found = _expand_pattern(folder, pattern) or [one for one in files.edited if one == folder / pattern]
        if not found:
            _add_issue(files, path, f'no file has the name "{pattern}"; correct it, or create the file')
        for name in found:
            if (resolved := name.absolute().resolve()) not in seen:
                seen.add(resolved)
                yield name


def _read_other_file(files: FileSet, path: Path, named_at: KeyPath) -> bytes | None:
    """Return the bytes of a file, or report that it cannot be read.

    ``named_at`` is the key path in sources.yaml at which the file is named. The error is reported there.
    """
    files.has_other_files = True
    try:
        return files.edited[path] if path in files.edited else path.read_bytes()
    except OSError as error:
        _add_issue(files, named_at, f"{path} cannot be read ({error.strerror}); make it readable for this user")
        return None


def _merge_file(files: FileSet, path: Path) -> None:
    data = _read_other_file(files, path, (INCLUDE_KEY,))
    if data is None:
        return
    document = parse_yaml(data)
    own = SourceFile(path, document, _is_readable_by_others(path), data)
    files.included.append(own)
    files.issues += [own.build_issue(place, message) for place, message in document.errors]
    if document.value is None:
        return
    if not isinstance(document.value, dict):
        message = "an included file has the same sections as sources.yaml, such as officials"
        files.issues.append(own.build_issue(FilePosition(1, 1), message))
        return
    for section, value in document.value.items():
        _merge_section(files, own, section, value)


def _merge_section(files: FileSet, own: SourceFile, section: str, value: Any) -> None:
    at_key = own.document.find_position((section,), prefer_key=True)
    if section not in SECTION_DESCRIPTIONS or section in _UNMERGED_SECTIONS:
        known = ", ".join(key for key in SECTION_DESCRIPTIONS if key not in _UNMERGED_SECTIONS)
        files.issues.append(own.build_issue(at_key, f'"{section}" cannot be in an included file; it may have {known}'))
        return
    if value is None:
        return
    present = files.tree.get(section)
    if isinstance(value, list) and (present is None or isinstance(present, list)):
        files.tree[section] = [*(present or []), *value]
        for index in range(len(value)):
            path = (section, len(present or []) + index)
            files.origins[path], files.own_paths[path] = own, (section, index)
        return
    if not isinstance(value, dict) or not (present is None or isinstance(present, dict)):
        message = f"{section}: this must be of the same form as in {files.main.path.name}: a mapping with ids as keys"
        files.issues.append(own.build_issue(at_key, message))
        return
    merged = dict(present or {})
    for name, entry in value.items():
        if (section, name) == PEOPLE_PATH and isinstance(entry, str | list):
            position = own.document.find_position(PEOPLE_PATH, prefer_key=True)
            message = f"officials: from names other files; write it in {files.main.path.name}, not in an included file"
            files.issues.append(own.build_issue(position, message))
        elif name in merged:
            other, other_path = files.find_file((section, name))
            line = other.document.find_position(other_path, prefer_key=True).line
            message = f'{section}: "{name}" is repeated, first in {other.path}:{line}; keep one of them'
            position = own.document.find_position((section, name), prefer_key=True)
            files.issues.append(own.build_issue(position, message))
        else:
            merged[name] = entry
            files.origins[section, name] = own
    files.tree[section] = merged


def _iter_people_files(tree: Any) -> Iterator[tuple[KeyPath, str]]:
    """Yield the key path and the name of each file that is named under ``from`` in the section ``officials``."""
    officials = tree.get("officials")
    if isinstance(officials, dict):
        yield from (((*PEOPLE_PATH, *inner), text) for inner, text in _iter_texts(officials.get("from")))


def _merge_people_files(files: FileSet) -> None:
    """Add the officials of other files to the section ``officials``, and remove ``from``, which names the files."""
    officials = files.tree.get("officials")
    if not isinstance(officials, dict) or not isinstance(officials.get("from"), str | list):
        return
    from monitor.config.people_document import read_people_document  # it reads the language data, as few files need

    named = list(_iter_people_files(files.tree))
    if isinstance(officials["from"], list) and len(named) != len(officials["from"]):
        _add_issue(files, PEOPLE_PATH, "from is a list of file names, such as [people.csv, more/*.jsonl]")
    files.tree["officials"] = {name: entry for name, entry in officials.items() if name != "from"}
    for path in _find_files(files, named):
        data = _read_other_file(files, path, PEOPLE_PATH)
        if data is not None:
            document = read_people_document(data)
            own = SourceFile(path, document, _is_readable_by_others(path), data)
            files.issues += [own.build_issue(place, message) for place, message in document.errors]
            files.warnings += [own.build_issue(place, message) for place, message in document.warnings]
            _merge_section(files, own, "officials", document.value)


def _iter_date_files(tree: Any) -> Iterator[tuple[KeyPath, str]]:
    """Yield the key path and the name of each file with dates that a digest names under ``except``.

    Entries under ``except`` that are dates are skipped.
    """
    digests = tree.get("digests")
    for name, digest in digests.items() if isinstance(digests, dict) else ():
        for inner, text in _iter_texts(digest.get("except") if isinstance(digest, dict) else None):
            if not _DATE.fullmatch(text.strip()):
                yield ("digests", name, "except", *inner), text


def _read_date_files(files: FileSet) -> None:
    """In the key ``except`` of each digest, replace every file name by the dates in that file."""
    for path, name in list(_iter_date_files(files.tree)):
        files.has_other_files = True
        digest = files.tree["digests"][path[1]]
        dates = _read_dates(files, path, name)
        given = digest["except"] if isinstance(digest["except"], list) else [digest["except"]]
        days = [day for one in given for day in (dates if one == name else [one])]
        files.tree["digests"] = {**files.tree["digests"], path[1]: {**digest, "except": days}}


def _read_dates(files: FileSet, path: KeyPath, name: str) -> Sequence[str]:
    """Return the dates in the file ``name``. Each line that is not empty begins with a date.

    The rest of the line, and everything after ``#``, is a comment. ``path`` is the key path at which the configuration
    names the file. Errors are added to ``files.issues``, at the position of this key.
    """
    if not _is_relative(name):
        _add_issue(files, path, f'"{name}" is neither a date such as 2026-12-25 nor a relative file name')
        return ()
    try:
        lines = (files.main.path.parent / name).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        _add_issue(files, path, f'"{name}" is no date such as 2026-12-25, and the file cannot be read: {reason}')
        return ()
    dates = []
    for number, line in enumerate(lines, 1):
        word = line.partition("#")[0].split()[:1]
        try:
            dates += [date.fromisoformat(one).isoformat() for one in word]
        except ValueError:
            _add_issue(files, path, f'{name}, line {number}: "{word[0]}" is not a date; write it as in 2026-12-25')
    return dates


def _add_issue(files: FileSet, path: KeyPath, message: str) -> None:
    own, own_path = files.find_file(path)
    files.issues.append(own.build_issue(own.document.find_position(own_path), message))
