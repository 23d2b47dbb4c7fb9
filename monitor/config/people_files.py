"""Edits that add imported people to sources.yaml and the files that it includes, and the saving of the edited files.

A few new people are added to sources.yaml itself. Many people are written to a file of their own, which sources.yaml
then includes.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.config.included_files import INCLUDE_KEY, FileSet
from monitor.config.yaml_document import KeyPath, YamlValue, parse_yaml
from monitor.config.yaml_edit import Edit, apply_edits, render_entries, save_edited_file
from monitor.domain.errors import UsageError
from monitor.domain.watchlist import Official, Role

SECTION = "officials"
MAX_IN_MAIN_FILE = 100
"""Maximum number of new people that are added to sources.yaml. More people are written to a file of their own."""
PEOPLE_FILE = "people.yaml"


@dataclass(frozen=True, slots=True)
class FileEdit:
    """New content of a file. ``before`` is the former content, or None if the file does not exist yet."""

    path: Path
    before: bytes | None
    after: bytes


def build_entry(official: Official) -> dict[str, YamlValue]:
    """Return an official as the mapping that sources.yaml has under the id of the official."""
    entry: dict[str, YamlValue] = {"name": official.name}
    if official.country:
        entry["country"] = official.country
    if official.aliases:
        entry["aliases"] = list(official.aliases)
    if official.roles:
        entry["roles"] = [_build_role(role) for role in official.roles]
    if official.wikidata:
        entry["wikidata"] = official.wikidata
    return entry


def _build_role(role: Role) -> YamlValue:
    """Return a role as the value to write to sources.yaml: a text, or a mapping if the role has dates."""
    dates = {key: day.isoformat() for key, day in (("from", role.from_on), ("until", role.until_on)) if day}
    return {"title": role.title, **dates} if dates else role.title


def build_change_edits(files: FileSet, added: Official, new_dates: Sequence[tuple[int, Role]]) -> list[Edit]:
    """Return the edits that add values to an official who is already in the configuration.

    ``added`` has only the values to add. ``new_dates`` are roles that get dates, each with its index in the list of
    roles.
    """
    path: KeyPath = (SECTION, added.id)
    entry = files.tree[SECTION][added.id]
    texts = (("country", added.country), ("wikidata", added.wikidata))
    edits = [Edit((*path, key), text) for key, text in texts if text]
    if added.aliases:
        edits.append(Edit((*path, "aliases"), list(added.aliases), is_append=True))
    roles = entry.get("roles")
    if isinstance(roles, str) and new_dates:  # one role, written as text
        every = [*(role for _, role in new_dates), *added.roles]
        return [*edits, Edit((*path, "roles"), list(map(_build_role, every)))]
    for index, role in new_dates:
        given, built = roles[index], _build_role(role)
        if isinstance(given, dict) and isinstance(built, dict):
            edits += [Edit((*path, "roles", index, key), day) for key, day in built.items() if key not in given]
        else:
            edits.append(Edit((*path, "roles", index), built))
    if added.roles:
        edits.append(Edit((*path, "roles"), list(map(_build_role, added.roles)), is_append=True))
    return edits


def plan_file_edits(
    files: FileSet, data: bytes, new: Sequence[Official], changes: Sequence[Edit], into: str
) -> list[FileEdit]:
    """Return the new contents of all files that change, sources.yaml last.

    ``data`` are the bytes of sources.yaml, and ``changes`` the edits of known officials. ``into`` is the name of the
    file for new people, relative to the folder of sources.yaml. If ``into`` is empty, the people are written to
    sources.yaml, or to ``people.yaml`` if they are many. Raises ``UsageError`` if a file cannot be used, or
    ``EditRefused`` if an edit is not possible.
    """
    main = files.main.path
    by_file: dict[Path, list[Edit]] = defaultdict(list)
    for edit in changes:
        source, own_path = files.find_file(edit.path)
        by_file[source.path].append(edit._replace(path=own_path))
    created: list[FileEdit] = []
    if not new:
        pass
    elif into or len(new) > MAX_IN_MAIN_FILE:
        path, is_included = _find_people_file(files, into or PEOPLE_FILE)
        if is_included:
            by_file[path] += _add_entries(parse_yaml(path.read_bytes()).value, new)
        else:
            text = f"{SECTION}:\n{render_entries({one.id: build_entry(one) for one in new})}"
            created.append(FileEdit(path, None, text.encode()))
            by_file[main].append(Edit((INCLUDE_KEY,), [into or PEOPLE_FILE], is_append=True))
    else:
        by_file[main] += _add_entries(files.main.document.value, new)
    edited = [
        FileEdit(path, before, apply_edits(before, edits))
        for path, edits in by_file.items()
        for before in [data if path == main else path.read_bytes()]
    ]
    return [*created, *sorted(edited, key=lambda one: one.path == main)]


def _add_entries(tree: YamlValue, new: Sequence[Official]) -> list[Edit]:
    """Return the edits that add officials to a file with the content ``tree``."""
    entries: dict[str, YamlValue] = {one.id: build_entry(one) for one in new}
    if isinstance(tree, dict) and isinstance(tree.get(SECTION), dict) and tree[SECTION]:
        return [Edit((SECTION, name), entry) for name, entry in entries.items()]
    return [Edit((SECTION,), entries)]


def _find_people_file(files: FileSet, name: str) -> tuple[Path, bool]:
    """Return the path of the file for new people, and whether sources.yaml includes this file already.

    Raises ``UsageError`` if the file exists and is not included, or if its name is not the name of a YAML file.
    """
    main = files.main.path
    path = main.parent / name
    if path.suffix not in {".yaml", ".yml"} or Path(name).is_absolute():
        raise UsageError(f"--into {name}: write the name of a YAML file, such as people.yaml")
    wanted = path.absolute().resolve()
    for one in files.included:
        if one.absolute().resolve() == wanted:
            return one, True
    if path.exists():
        raise UsageError(
            f"{path} exists, but {main.name} does not include it: add it to include:, or write --into with another name"
        )
    return path, False


def save_file_edits(edits: Sequence[FileEdit], check: Callable[[bytes], object]) -> None:
    """Write several files in one step, if ``check`` accepts the new bytes of sources.yaml. It is written last.

    ``check`` raises an error if the whole configuration would not be valid. If a file cannot be written, the files that
    were written before it are restored. Raises ``UsageError`` if a file was changed meanwhile.
    """
    written: list[FileEdit] = []
    try:
        for edit in edits[:-1]:
            _write(edit)
            written.append(edit)
        check(edits[-1].after)
        _write(edits[-1])
    except BaseException:
        for edit in reversed(written):
            if edit.before is None:
                edit.path.unlink(missing_ok=True)
            else:
                save_edited_file(edit.path, edit.after, edit.before)
        raise


def _write(edit: FileEdit) -> None:
    if edit.before is not None:
        save_edited_file(edit.path, edit.before, edit.after)
        return
    try:
        with edit.path.open("xb") as file:
            file.write(edit.after)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise UsageError(f"{edit.path} was created meanwhile; nothing was written, try again") from error
