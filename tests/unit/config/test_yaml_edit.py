"""Edits of YAML change the meant path and no other byte."""

import copy
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config.yaml_document import KeyPath, parse_yaml
from monitor.config.yaml_edit import (
    Edit,
    EditRefused,
    apply_edits,
    render_snippet,
    save_edited_file,
)
from monitor.domain.configuration_edits import EditConflict

FILE = """\
# the desk's people
officials:            # sorted by country
  giang:
    name: Phan Văn Giang   # the minister
    aliases: [Phan Van Giang, "Giang, Phan"]  # both orders
    roles:
    - title: Minister of Defence
      from: 2021-04-08

  ada: {name: Ada Lovell, country: "United Kingdom"}

  ben:
    name: 'Ben Harcastle'
    exclude_phrases: Ben Nevis
    aliases:

# what to report
rules:
  people:
    officials: [giang,
                ada]  # not ben
    query: |
      harbour AND
      bridge
"""


def append(data: bytes, path: KeyPath, value: Any, comment: str = "") -> bytes:
    """Add a value to the end of the list at a path."""
    return apply_edits(data, [Edit(path, [value], is_append=True, comment=comment)])


def put(data: bytes, path: KeyPath, value: Any) -> bytes:
    """Set the key at a path to a value."""
    return apply_edits(data, [Edit(path, value)])


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (
            ("officials", "giang", "aliases"),
            "Tướng Giang",
            'aliases: [Phan Van Giang, "Giang, Phan", Tướng Giang]',
        ),
        (("officials", "giang", "roles"), {"title": "General", "from": "2010-01-01"}, "    - title: General"),
        (("officials", "ada", "aliases"), "Ada: the one", 'country: "United Kingdom", aliases: ["Ada: the one"]}'),
        (("officials", "ben", "exclude_phrases"), "Ben Lomond", "exclude_phrases: [Ben Nevis, Ben Lomond]"),
        (("officials", "ben", "aliases"), "B. Harcastle", "aliases: [B. Harcastle]"),
        (("officials", "ben", "examples", "reject"), "no # yes", '      reject: ["no # yes"]'),
        (("rules", "people", "officials"), "ben", "                ada, ben]  # not ben"),
        (("rules", "people", "languages"), "no", '    languages: ["no"]'),
    ],
)
def test_items_are_added_in_the_style_of_the_file(path: tuple[str, ...], value: Any, line: str) -> None:
    """Flow lists, block lists, flow mappings, single values, empty keys and missing keys."""
    edited = append(FILE.encode(), path, value).decode()
    assert line in edited
    check_only(FILE, edited, path, value)


def check_only(before: str, after: str, path: tuple[Any, ...], value: Any, *, appended: bool = True) -> None:
    """Assert that the tree differs at the path only, and the text by one insertion (and brackets of a new list)."""
    expected = copy.deepcopy(parse_yaml(before.encode()).value)
    here: Any = expected
    for part in path[:-1]:
        if isinstance(here, dict) and here.get(part) is None:
            here[part] = {}
        here = here[part]
    if appended:
        known = here.get(path[-1]) if isinstance(here, dict) else here[path[-1]]
        here[path[-1]] = [*(known if isinstance(known, list) else [] if known is None else [known]), value]
    else:
        here[path[-1]] = value
    assert parse_yaml(after.encode()).value == expected
    kept = iter(after)
    missing = [char for char in before if char not in kept]
    assert missing == [], "every character of the file is still there, in order"


def test_a_comment_names_the_reason() -> None:
    """Behind the new line, or the changed line if it has none."""
    edited = append(FILE.encode(), ("officials", "giang", "exclude_phrases"), "Bac Giang", "verdict 31").decode()
    assert "    exclude_phrases: [Bac Giang]  # verdict 31\n" in edited
    edited = append(FILE.encode(), ("officials", "giang", "aliases"), "x", "verdict 31").decode()
    assert "# both orders\n" in edited
    assert "verdict 31" not in edited


def test_a_value_is_replaced_or_added() -> None:
    """Only a text in one line is replaced; a new entry is a block."""
    edited = put(FILE.encode(), ("officials", "ben", "name"), "Benjamin Harcastle").decode()
    assert edited == FILE.replace("'Ben Harcastle'", "Benjamin Harcastle")
    added = put(FILE.encode(), ("officials", "eve"), {"name": "Eve", "aliases": ["E."]}).decode()
    assert "    aliases:\n  eve:\n    name: Eve\n    aliases: [E.]\n\n# what to report\n" in added


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "rules: {}\n", "officials:\n", "officials: {}\n", "officials: ~"]
)
def test_a_file_without_the_section_gets_it(text: str) -> None:
    """Also an empty file, and one without a line end."""
    edited = append(text.encode(), ("officials", "ada", "aliases"), "A. Lovell")
    found = parse_yaml(edited).value
    assert isinstance(found, dict)
    assert found["officials"] == {"ada": {"aliases": ["A. Lovell"]}}


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("officials: [", ("officials", "ada"), "has an error in line"),
        ("- a\n", ("officials", "ada"), "not a mapping"),
        ("officials: text\n", ("officials", "ada", "aliases"), "not a mapping"),
        ("officials:\n  ada: |\n    text\n", ("officials", "ada"), "cannot be edited"),
        ("rules:\n  people:\n    query: |+\n      a\n\n\n", ("rules", "people", "languages"), "another part"),
    ],
)
def test_an_edit_that_is_not_safe_is_refused_with_lines_to_paste(text: str, path: tuple[str, ...], reason: str) -> None:
    """Nothing is returned; the message has the YAML."""
    with pytest.raises(EditRefused, match=reason) as refused:
        append(text.encode(), path, "A. Lovell")
    assert "A. Lovell" in refused.value.snippet
    assert refused.value.snippet.startswith(f"{path[0]}:")


def test_windows_files_keep_their_line_ends_and_byte_order_mark() -> None:
    """New lines have the same line end."""
    data = b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode()
    edited = append(data, ("officials", "giang", "exclude_phrases"), "Bac Giang")
    assert edited.startswith(b"\xef\xbb\xbf#")
    assert b"\n" not in edited.replace(b"\r\n", b"")
    assert (
        parse_yaml(edited).value
        == parse_yaml(append(FILE.encode(), ("officials", "giang", "exclude_phrases"), "Bac Giang")).value
    )


def test_a_file_is_replaced_only_if_nobody_else_changed_it(tmp_path: Path) -> None:
    """The mode stays, also behind a symbolic link."""
    file, link = tmp_path / "real.yaml", tmp_path / "sources.yaml"
    file.write_bytes(b"a: 1\n")
    file.chmod(0o640)
    link.symlink_to(file)
    save_edited_file(link, b"a: 1\n", b"a: 2\n")
    assert (file.read_bytes(), file.stat().st_mode & 0o777, link.is_symlink()) == (b"a: 2\n", 0o640, True)
    with pytest.raises(EditConflict, match="changed meanwhile"):
        save_edited_file(link, b"a: 1\n", b"a: 3\n")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["real.yaml", "sources.yaml"]


def test_a_snippet_shows_where_to_paste() -> None:
    """Keys one below the other."""
    assert render_snippet(("officials", "ada", "aliases"), ["A, B"]) == 'officials:\n  ada:\n    aliases: ["A, B"]'


TEXTS = st.text(st.sampled_from("abÖđ 老ກ:#,[]{}'\"\\-?!&*|>%@`\n\t0"), min_size=1, max_size=9)


def write(value: Any, rng: random.Random, depth: int = 0) -> str:
    """Write a value as YAML in a random style, with comments and blank lines."""
    import json as quoting

    if isinstance(value, str):
        is_plain = value.replace(" ", "").isalpha() and value.strip() == value and value.isascii()
        return value if is_plain and rng.random() < 0.5 else quoting.dumps(value, ensure_ascii=rng.random() < 0.3)
    if not value or (depth > 1 and rng.random() < 0.6) or depth > 3:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{quoting.dumps(key)}: {write(one, rng, 9)}" for key, one in value.items()) + "}"
        return "[" + ", ".join(write(one, rng, 9) for one in value) + rng.choice(["", "", ","] if value else [""]) + "]"
    pad, lines = "  " * depth, []
    for key in value if isinstance(value, dict) else range(len(value)):
        if rng.random() < 0.2:
            lines.append(rng.choice([f"{pad}# a note", ""]))
        written = write(value[key], rng, depth + 1)
        head = f"{pad}{quoting.dumps(key)}:" if isinstance(value, dict) else f"{pad}-"
        tail = rng.choice(["", "", "  # why"]) if "\n" not in written else ""
        lines.append(f"{head}{'' if written.startswith(chr(10)) else ' '}{written}{tail}")
    return ("\n" if depth else "") + "\n".join(lines)


Trees = st.dictionaries(
    st.sampled_from(["officials", "rules", "x"]),
    st.dictionaries(
        st.sampled_from(["ada", "ben", "eve"]),
        st.dictionaries(st.sampled_from(["name", "aliases", "roles"]), TEXTS | st.lists(TEXTS, max_size=3), min_size=1),
        min_size=1,
    ),
    min_size=1,
)


@settings(max_examples=10 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(Trees, TEXTS, st.integers(0, 1 << 30), st.data())
def test_a_random_edit_of_a_random_file_changes_nothing_else(
    tree: Any, value: str, seed: int, data: st.DataObject
) -> None:
    """A thousand files in all styles: only the meant path differs, and every character stays in order."""
    before = write(tree, random.Random(seed)) + "\n"
    if parse_yaml(before.encode()).errors:
        return
    section = data.draw(st.sampled_from(sorted(tree)))
    person = data.draw(st.sampled_from([*sorted(tree[section]), "new"]))
    path = (section, person, data.draw(st.sampled_from(["name", "aliases", "roles", "exclude_phrases"])))
    after = append(before.encode(), path, value).decode()
    check_only(before, after, path, value)


def test_many_edits_are_made_at_once() -> None:
    """New entries of one mapping keep their order; lists of mappings are written in lines; each value is right."""
    edits = [
        Edit(("officials", "giang", "roles", 0, "until"), "2026-01-01"),
        Edit(("officials", "giang", "aliases"), ["General Giang", "潘文江"], is_append=True),
        Edit(("officials", "giang", "roles"), [{"title": "General"}], is_append=True),
        Edit(("officials", "ada", "aliases"), ["A. Lovell"], is_append=True),
        Edit(("officials", "ada", "wikidata"), "Q7"),
        Edit(("officials", "cy"), {"name": "Cy", "roles": [{"title": "Mayor", "from": "2020-01-01"}]}),
        Edit(("officials", "di"), {"name": "Di"}),
    ]
    edited = apply_edits(FILE.encode(), edits).decode()
    assert '"Giang, Phan", General Giang, 潘文江]  # both orders\n' in edited
    assert '      from: 2021-04-08\n      until: "2026-01-01"\n    - title: General\n' in edited
    assert 'country: "United Kingdom", aliases: [A. Lovell], wikidata: Q7}' in edited
    added = '  cy:\n    name: Cy\n    roles:\n      - {title: Mayor, from: "2020-01-01"}\n  di:\n    name: Di\n\n# what'
    assert added in edited


def test_an_empty_section_gets_its_entries_in_lines() -> None:
    """Not in one line of braces."""
    edited = apply_edits(b"officials:  # people\nrules: {}\n", [Edit(("officials",), {"ada": {"name": "Ada"}})])
    assert edited == b"officials:  # people\n  ada:\n    name: Ada\nrules: {}\n"
