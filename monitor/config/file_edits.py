"""Edits of values in sources.yaml and the files that it includes. Several files are written together.

Each edit names its value by the key path: the keys from the top of the file down to the value.
"""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from monitor.config.included_files import FileSet, SourceFile
from monitor.config.people_document import PeopleDocument
from monitor.config.yaml_document import YamlValue
from monitor.config.yaml_edit import Edit, apply_edits, save_edited_file
from monitor.domain.configuration_edits import EditConflict, EditNotAllowed
from monitor.domain.errors import UsageError


class FileEdit(Struct, frozen=True):
    """New content of a file. ``before`` is the former content, or None if the file does not exist yet."""

    path: Path
    before: bytes | None
    after: bytes

    def count_lines(self) -> tuple[int, int]:
        """Return the number of added lines and the number of removed lines."""
        old, new = (Counter((text or b"").splitlines()) for text in (self.before, self.after))
        return (new - old).total(), (old - new).total()


def build_entry_edits(file: SourceFile, section: str, entries: Mapping[str, YamlValue]) -> list[Edit]:
    """Return the edits that add entries to a section of a file. ``entries`` maps the id of each entry to its value.

    The paths of the edits are key paths within this file, and not in the merged configuration.
    """
    tree = file.document.value
    if isinstance(tree, dict) and isinstance(tree.get(section), dict) and tree[section]:
        return [Edit((section, name), entry) for name, entry in entries.items()]
    return [Edit((section,), dict(entries))]


def edit_files(
    files: FileSet, edits: Sequence[Edit], new: Sequence[Edit] = (), new_file: SourceFile | None = None
) -> list[FileEdit]:
    """Apply edits to the files that contain the edited keys, and return the new contents, with sources.yaml last.

    - The paths of ``edits`` are key paths in the merged configuration.
    - ``new`` contains further edits, such as added entries. They are applied to ``new_file``, and their paths are key
      paths within this file.

    Raises ``EditRefused`` if an edit is impossible or would change another value, and ``UsageError`` if an edited
    official is in a file that is not YAML.
    """
    by_file: dict[Path, tuple[SourceFile, list[Edit]]] = {}
    for edit in edits:
        file, own_path = files.find_file(edit.path)
        if isinstance(file.document, PeopleDocument):
            raise UsageError(_describe_table_edit(file, edit))
        by_file.setdefault(file.path, (file, []))[1].append(edit._replace(path=own_path))
    if new_file:
        by_file.setdefault(new_file.path, (new_file, []))[1].extend(new)
    changed = [FileEdit(path, file.data, apply_edits(file.data, own)) for path, (file, own) in by_file.items()]
    return sorted(changed, key=lambda one: one.path == files.main.path)


def _describe_table_edit(file: SourceFile, edit: Edit) -> str:
    """Return the error message for an edit of an official in a CSV or JSON file, which this program cannot edit.

    The message states the file and the line of the official, and the value that the user should write there.
    """
    place = file.document.find_position(edit.path)
    section, name, *keys = map(str, edit.path)
    value = edit.value if isinstance(edit.value, str) else json.dumps(edit.value, ensure_ascii=False)
    what = f"{'add to' if edit.is_append else 'set'} {'.'.join(keys)}: {value}" if keys else value
    where = f"{section}.{name} is in line {place.line} of {file.path}"
    return f"{where}, which is not YAML, so only you can edit it; {what}"


def write_files(edits: Sequence[FileEdit]) -> None:
    """Write the files in their order. If a file cannot be written, the files that were written before are restored.

    Raises ``EditConflict`` if a file was changed or created meanwhile, or ``EditNotAllowed`` if a file cannot be
    written.
    """
    written: list[FileEdit] = []
    try:
        for edit in edits:
            _write(edit)
            written.append(edit)
    except BaseException:  # also after Ctrl-C, either all files are edited or none
        for edit in reversed(written):
            if edit.before is None:
                edit.path.unlink(missing_ok=True)
            else:
                save_edited_file(edit.path, edit.after, edit.before)
        raise


def _write(edit: FileEdit) -> None:
    try:
        if edit.before is not None:
            save_edited_file(edit.path, edit.before, edit.after)
            return
        with edit.path.open("xb") as file:
            file.write(edit.after)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise EditConflict(f"{edit.path} was created meanwhile; nothing was written, try again") from error
    except OSError as error:
        raise EditNotAllowed(
            f"{edit.path.name} cannot be written ({error.strerror or type(error).__name__})"
        ) from error
