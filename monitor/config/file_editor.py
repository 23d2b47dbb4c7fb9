"""Editor of the configuration files. The desk, the API and all commands that edit sources.yaml use it.

A text is saved as it was typed: comments, order and every byte that was not edited are kept. An edit by key path, such
as the addition of a source, changes no other byte. The whole configuration is checked before a file is replaced.
"""

import difflib
import hashlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.config.broken_files import hide_by_keys, restore_from_last_good
from monitor.config.file_edits import FileEdit, build_entry_edits, edit_files, write_files
from monitor.config.included_files import FileSet, dump_file_set, expand_patterns, list_include_patterns, read_file_set
from monitor.config.load import ChannelCheck, ConfigurationCheck, SourceCheck, parse_configuration, read_file_bytes
from monitor.config.protected_values import Fault, HiddenText, find_forbidden_changes, hide_secrets, restore_secrets
from monitor.config.reload import find_removed_sources, hash_configuration
from monitor.config.renamed_ids import find_renamed_ids
from monitor.config.secrets import has_secret_reference
from monitor.config.text_merge import compare_three
from monitor.config.yaml_document import YamlDocument, YamlValue, load_saved_values, parse_yaml
from monitor.config.yaml_edit import Edit, apply_edits, render_entries, render_snippet
from monitor.domain.configuration import Configuration
from monitor.domain.configuration_edits import (
    CheckedEdit,
    ComparedTexts,
    EditConflict,
    EditNotAllowed,
    OpenedFile,
    SavedEdit,
)
from monitor.domain.errors import ConfigError, ConfigIssue, UsageError
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.text.numbers import format_count

BOM = "\N{BYTE ORDER MARK}"
_CONTEXT_LINES = 3
_MAX_REMEMBERED_CHARS = 10_000_000


class FileEditor:
    """Editor of one sources.yaml and the files that it includes. It makes the same checks as `monitor check`.

    - ``redact`` removes secrets from a text.
    - ``checks``, ``find_channel_faults`` and ``check_sources`` are passed to ``parse_configuration``.
    - ``load_last_good`` returns the last configuration that the daemon used, with all included files merged into it, or
      an empty text.
    - ``count_secrets`` returns the number of secrets that ``redact`` knows. If this number has changed since a file was
      opened, the secrets in the file are hidden again.

    Only one edit is saved at a time.
    """

    def __init__(  # noqa: PLR0913 - only the desk passes the last four
        self,
        path: Path,
        environ: Mapping[str, str],
        redact: Callable[[str], str],
        checks: Sequence[ConfigurationCheck] = (),
        *,
        find_channel_faults: ChannelCheck | None = None,
        check_sources: SourceCheck | None = None,
        load_last_good: Callable[[], str] = str,
        count_secrets: Callable[[], int] = int,
    ) -> None:
        self._path, self._environ, self._redact, self._checks = path, environ, redact, tuple(checks)
        self._find_channel_faults, self._check_sources = find_channel_faults, check_sources
        self._load_last_good, self._count_secrets = load_last_good, count_secrets
        self._lock = threading.RLock()
        self._opened: dict[tuple[Path, str], tuple[int, OpenedFile]] = {}
        self._patterns: tuple[bytes, tuple[str, ...]] = (b"", ())

    def open(self, name: str = "") -> OpenedFile:
        """Return a file of the configuration; see ``ConfigurationEditor.open``."""
        files = self._list_files()
        path = self._find_file(name, files)
        data = read_file_bytes(path)
        opened = OpenedFile(name or self._path.name, tuple(files), "", compute_tag(data), refusal=_find_refusal(path))
        secret_count = self._count_secrets()
        known_count, known = self._opened.get((path, opened.tag), (-1, opened))
        if known_count == secret_count:
            return replace(opened, text=known.text, issues=known.issues)
        document = parse_yaml(data)
        issues = _make_issues(path, document.errors)
        if not document.text and issues:
            problem = "This file cannot be read, so its secrets could not be hidden. Correct it in a shell."
            return replace(opened, problem=problem, issues=self._show(path, document, HiddenText(""), issues))
        hidden = self._hide(document)
        opened = replace(opened, text=hidden.text, issues=self._show(path, document, hidden, issues))
        self._remember(path, opened, secret_count)
        return opened

    def recall(self, name: str, tag: str) -> str:
        """Return the text that a file had when its tag was ``tag``; see ``ConfigurationEditor.recall``.

        A tag identifies one content of a file. If the text is not remembered any more, return the present text.
        """
        opened = self.open(name)
        path = self._find_file(name, self._list_files())
        return self._opened.get((path, tag), (0, opened))[1].text

    def check(self, name: str, text: str) -> CheckedEdit:
        """Check an edited text. Return its errors, its warnings and its difference from the file. Nothing is saved."""
        return self._check(self._find_file(name, self._list_files()), text)[0]

    def compare(self, name: str, text: str, tag: str) -> ComparedTexts:
        """Compare a text with the file as it is now, and as it was opened; see ``ConfigurationEditor.compare``."""
        opened, mine = self.open(name), _unify_newlines(text)
        difference = _compare(opened.name, opened.text, mine)
        key = self._find_file(name, self._list_files()), tag
        if key not in self._opened:
            return ComparedTexts(difference)
        base = self._opened[key][1].text
        regions, merged = compare_three(_unify_newlines(base), _unify_newlines(opened.text), mine)
        return ComparedTexts(difference, regions, merged)

    def _hide(self, document: YamlDocument) -> HiddenText:
        """Return the text of a file without its secrets, whether it is valid YAML or not."""
        if document.errors:
            return hide_by_keys(document.text, self._redact)
        return hide_secrets(document, self._redact)

    def _remember(self, path: Path, opened: OpenedFile, secret_count: int) -> None:
        """Keep in memory the text of a file as it is shown to a reader.

        If somebody else saves an edit of the file before the reader does, the two edits are compared with this text.
        The file is also opened faster the next time.
        """
        with self._lock:
            self._opened.pop((path, opened.tag), None)
            self._opened[path, opened.tag] = secret_count, opened
            while len(self._opened) > 1 and self._count_remembered_chars() > _MAX_REMEMBERED_CHARS:
                del self._opened[next(iter(self._opened))]

    def _count_remembered_chars(self) -> int:
        return sum(len(opened.text) for _, opened in self._opened.values())

    def save(self, name: str, text: str, tag: str, *, is_confirmed: bool = False) -> SavedEdit:
        """Check an edited text, and save it as the new content of the file; see ``ConfigurationEditor.save``."""
        with self._lock:
            path = self._find_file(name, self._list_files())
            if refusal := _find_refusal(path):
                raise EditNotAllowed(refusal)
            checked, before, after = self._check(path, text)
            if checked.tag != tag:
                raise EditConflict(f"{path.name} was changed since you opened it")
            if checked.errors:
                raise ConfigError(checked.errors, checked.warnings)
            if checked.lost_sources and not is_confirmed:
                raise ConfigError((_loss_issue(path, checked.lost_sources),))
            if checked.is_changed:
                write_files([FileEdit(path, before, after)])
            summary = _describe_counts(*checked.counts)
            return self._describe(
                path, before, after, summary, is_confirmed=bool(checked.lost_sources or checked.warnings)
            )

    def restore(self, name: str, before: str, tag: str) -> SavedEdit:
        """Replace a configuration file with its former text; see ``ConfigurationEditor.restore``."""
        with self._lock:
            path = self._find_file(name, self._list_files())
            if refusal := _find_refusal(path):
                raise EditNotAllowed(refusal)
            present, former = read_file_bytes(path), before.encode()
            if compute_tag(present) != tag:
                raise EditConflict(f"{path.name} was edited again since; undo the later edits first, or edit the file")
            self._parse({path: former})
            write_files([FileEdit(path, present, former)])
            return self._describe(path, present, former, "the former text", is_confirmed=True)

    def propose_rule(self, rule_id: str, rule: Mapping[str, Any]) -> OpenedFile:
        """Return the main file as it would be with the new rule; see ``ConfigurationEditor.propose_rule``."""
        opened = self.open()
        if opened.problem or opened.issues:
            raise UsageError(opened.problem or f"{opened.name} has errors; correct them first")
        edits = self._plan_entries(self.read(), "rules", {rule_id: dict(rule)})
        return replace(opened, text=apply_edits(opened.text.encode(), edits).decode())

    def add_rule(self, rule_id: str, rule: Mapping[str, Any]) -> SavedEdit:
        """Add a rule to the main file, and return the saved edit.

        Raises ``UsageError`` if another rule has the id, and the errors of ``apply``.
        """
        return self._add_entries("rules", {rule_id: dict(rule)})

    def build_source(self, source_id: str, keys: Mapping[str, Any]) -> Source:
        """Return the source that these keys describe; see ``ConfigurationEditor.build_source``."""
        _refuse_references(dict(keys))
        text = render_snippet(("sources", source_id), dict(keys))
        (source,) = parse_configuration(text.encode(), Path("sources.yaml"), {}, require_secrets=False).sources
        return source

    def add_sources(self, sources: Mapping[str, Mapping[str, Any]]) -> SavedEdit:
        """Add sources to the main file; see ``ConfigurationEditor.add_sources``."""
        for source_id, keys in sources.items():
            self.build_source(source_id, keys)
        return self._add_entries("sources", {source_id: dict(keys) for source_id, keys in sources.items()})

    def read(self) -> FileSet:
        """Read and parse the files of the configuration as they are now, and return them merged."""
        return read_file_set(read_file_bytes(self._path), self._path)

    def apply(self, edits: Sequence[Edit]) -> tuple[SavedEdit, ...]:
        """Apply edits by key path to the files that contain the keys. No other byte is changed.

        Raises ``EditRefused`` if that is not possible, and the errors of ``replace_files``.
        """
        with self._lock:
            return self.replace_files(edit_files(self.read(), edits))

    def replace_files(self, edits: Sequence[FileEdit]) -> tuple[SavedEdit, ...]:
        """Check the whole configuration with the new contents, then replace or create the files.

        Return a record of the edit for each file that was replaced, but not for new files. Raises ``EditConflict`` if a
        file was changed meanwhile, ``EditNotAllowed`` if a file cannot be written, and ``ConfigError`` if the new
        configuration is invalid. In these cases, no file is changed.
        """
        with self._lock:
            for edit in edits:
                if edit.before is not None and (refusal := _find_refusal(edit.path)):
                    raise EditNotAllowed(refusal)
            self._parse({edit.path: edit.after for edit in edits})
            write_files(edits)
            return tuple(
                self._describe(edit.path, edit.before, edit.after, _describe_counts(*edit.count_lines()))
                for edit in edits
                if edit.before is not None
            )

    def _add_entries(self, section: str, entries: Mapping[str, YamlValue]) -> SavedEdit:
        """Add entries to a section of the main file, and return the saved edit.

        If the file cannot be written, raises ``EditNotAllowed``, whose message contains the lines to add by hand.
        """
        with self._lock:
            files = self.read()
            try:
                (saved,) = self.replace_files(edit_files(files, self._plan_entries(files, section, entries)))
            except EditNotAllowed as error:
                snippet = f"{section}:\n{render_entries(entries)}".rstrip()
                raise EditNotAllowed(f"{error}; add this by hand:\n{snippet}") from error
        return saved

    def _plan_entries(self, files: FileSet, section: str, entries: Mapping[str, YamlValue]) -> list[Edit]:
        """Return the edits that add entries to the main file. Raises ``UsageError`` if an id is used already."""
        known = (files.tree.get(section) if isinstance(files.tree, dict) else None) or {}
        if used := next((name for name in entries if name in known), ""):
            raise UsageError(f"the id {used!r} is used by another {section[:-1]}; choose another id")
        return build_entry_edits(files.main, section, entries)

    def _list_files(self) -> dict[str, Path]:
        """Return a dictionary that maps the name of each configuration file to its path.

        A name is a path relative to the folder of the main file.
        """
        data = read_file_bytes(self._path)
        if self._patterns[0] != data:
            self._patterns = data, list_include_patterns(data)
        files = {self._path.name: self._path}
        for path in expand_patterns(self._path.parent, self._patterns[1]):
            if path.resolve() != self._path.resolve():
                files[os.path.relpath(path, self._path.parent)] = path
        return files

    def _find_file(self, name: str, files: Mapping[str, Path]) -> Path:
        path = files.get(name or self._path.name)
        if path is None:
            raise UsageError(f"{name[:100]!r} is not a file of this configuration; there are: {', '.join(files)}")
        return path

    def _check(self, path: Path, text: str) -> tuple[CheckedEdit, bytes, bytes]:
        """Check an edited text, in which secrets are hidden. Nothing is saved.

        Return the result, the present bytes of the file, and the bytes that would be saved.
        """
        before = read_file_bytes(path)
        base = parse_yaml(before)
        if base.errors and not base.text:
            raise EditNotAllowed(f"{path.name} cannot be read and cannot be edited on the desk; correct it in a shell")
        hidden, last_good = self._hide(base), ""
        if base.errors:
            broken_text, last_good = base.text, self._load_last_good()
            base = self._parse_last_good(path, last_good)
            restored, faults = restore_from_last_good(_unify_newlines(text), broken_text, base, self._redact)
        else:
            restored, faults = restore_secrets(_unify_newlines(text), base, hidden)
        difference = _compare(path.name, hidden.text, _unify_newlines(text))
        result = CheckedEdit(compute_tag(before), difference=difference)
        after = _restore_newlines(restored, before).encode("utf-8", "surrogatepass")
        edited = parse_yaml(after)
        if faults:
            shown = HiddenText(restored)  # the positions of the faults are already in the shown text
            return replace(result, errors=self._show(path, edited, shown, _make_issues(path, faults))), before, after
        shown = hide_secrets(edited, self._redact)
        if forbidden := _make_issues(path, find_forbidden_changes(base, edited)):
            return replace(result, errors=self._show(path, edited, shown, forbidden)), before, after
        try:
            configuration = self._parse({path: after})
        except ConfigError as error:
            errors, warnings = (self._show(path, edited, shown, some) for some in (error.issues, error.warnings))
            return replace(result, errors=errors, warnings=warnings), before, after
        whole_before = last_good.encode() or self._read_whole(path, before)
        previous = load_saved_values(whole_before.decode("utf-8-sig"))
        renamed = find_renamed_ids(previous, configuration, lambda: self._read_files(path, after))
        warnings = (*configuration.warnings, *renamed)
        checked = replace(
            result,
            configuration=configuration,
            warnings=self._show(path, edited, shown, warnings),
            lost_sources=find_removed_sources(previous, configuration),
        )
        return checked, before, after

    def _parse_last_good(self, path: Path, last_good: str) -> YamlDocument:
        """Parse ``last_good``, the text of the last configuration that the daemon used, and return the result.

        The result is used instead of the content of the file ``path``, which is not valid YAML. If ``path`` is an
        included file, the section ``settings`` is left out, because an included file has none.
        """
        document = parse_yaml(last_good.encode())
        if path != self._path and isinstance(document.value, dict):  # an included file has no settings
            document.value.pop("settings", None)
        return document

    def _parse(self, edited: Mapping[Path, bytes]) -> Configuration:
        """Return the whole configuration, with new contents of some files. Raises ``ConfigError`` if it is invalid.

        ``edited`` maps the path of each of these files to its new content.
        """
        return parse_configuration(
            edited[self._path] if self._path in edited else read_file_bytes(self._path),
            self._path,
            self._environ,
            self._checks,
            require_secrets=False,
            edited=edited,
            find_channel_faults=self._find_channel_faults,
            check_sources=self._check_sources,
        )

    def _read_whole(self, path: Path, data: bytes) -> bytes:
        files = self._read_files(path, data)
        return dump_file_set(files, files.main.data)

    def _read_files(self, path: Path, data: bytes) -> FileSet:
        """Return the files of the configuration, with ``data`` as the content of the file at ``path``."""
        main = data if path == self._path else read_file_bytes(self._path)
        return read_file_set(main, self._path, {path: data})

    def _show(
        self, path: Path, document: YamlDocument, shown: HiddenText, issues: Sequence[ConfigIssue]
    ) -> tuple[ConfigIssue, ...]:
        """Convert the positions in issues to positions in the text that the reader sees, and return the issues.

        Secrets are hidden in this text and in the messages of the issues.
        """
        found = []
        for issue in issues:
            is_here = Path(issue.file) == path
            place = shown.locate(document.text, issue.line, issue.column) if is_here else (issue.line, issue.column)
            name = path.name if is_here else os.path.relpath(issue.file, self._path.parent)
            found.append(ConfigIssue(name, *place, self._redact(issue.message)))
        return tuple(found)

    def _describe(
        self, path: Path, before: bytes, after: bytes, summary: str, *, is_confirmed: bool = False
    ) -> SavedEdit:
        accepted = hash_configuration(self._read_whole(path, after)) if is_confirmed else ""
        name = path.name if path == self._path else os.path.relpath(path, self._path.parent)
        return SavedEdit(name, before.decode(), compute_tag(after), summary, accepted)


def compute_tag(data: bytes) -> str:
    """Return the tag of a file: a short text that identifies its content, so that it differs after any change."""
    return hashlib.sha256(data).hexdigest()[:32]


def _make_issues(path: Path, faults: Sequence[Fault]) -> tuple[ConfigIssue, ...]:
    return tuple(ConfigIssue(str(path), at.line, at.column, text) for at, text in faults)


def _loss_issue(path: Path, lost: Sequence[str]) -> ConfigIssue:
    shown = ", ".join(lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
    return ConfigIssue(
        path.name, 1, 1, f"more than half of the sources are removed ({shown}); confirm this, or add them"
    )


def _find_refusal(path: Path) -> str:
    """Return the reason why this process cannot replace a file, or an empty text if it can."""
    target = path.resolve()
    if os.access(target, os.W_OK) and os.access(target.parent, os.W_OK):
        return ""
    return f"{path.name} or its folder is not writable for this process"


def _describe_counts(added: int, removed: int) -> str:
    return f"{format_count(added, 'line')} added, {format_count(removed, 'line')} removed"


def _refuse_references(value: YamlValue) -> None:
    """Raise ``UsageError`` if a value refers to a secret."""
    if isinstance(value, str) and has_secret_reference(value):
        raise UsageError(f"{value[:60]!r} refers to a secret of this machine; add such a source by hand")
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_references(one)


def _compare(name: str, before: str, after: str) -> tuple[str, ...]:
    old, new = (_unify_newlines(text).split("\n") for text in (before, after))
    return tuple(difflib.unified_diff(old, new, name, name, lineterm="", n=_CONTEXT_LINES))


def _unify_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _restore_newlines(text: str, before: bytes) -> str:
    """Return an edited text with the byte order mark and the line ends that the file has.

    Browsers send all line ends as CR LF. A line that is also in the file keeps the line end that it has there. Other
    lines get the most frequent line end of the file.
    """
    former, text = before.decode("utf-8-sig"), _unify_newlines(text)
    mark = BOM if before.startswith(BOM.encode()) else ""
    if "\r" not in former:
        return mark + text
    old = former.splitlines(keepends=True)
    usual = "\r\n" if 2 * former.count("\r\n") >= len(old) else "\n"
    new = text.split("\n")
    matcher = difflib.SequenceMatcher(None, [line.rstrip("\r\n") for line in old], new, autojunk=False)
    ends = [usual] * (len(new) - 1) + [""]
    for start, new_start, count in matcher.get_matching_blocks():
        for offset in range(count):
            line = old[start + offset]
            if new_start + offset < len(new) - 1 and line.endswith(("\n", "\r")):
                ends[new_start + offset] = line[len(line.rstrip("\r\n")) :]
    return mark + "".join(line + end for line, end in zip(new, ends, strict=True))
