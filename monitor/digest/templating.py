"""Templating: the sandboxed Jinja environment for all digest templates, and its filters.

A folder of the user can contain templates that replace the built-in ones. If such a template fails, the built-in one is
used, and the error is returned for the operator.
"""

import re
import textwrap
import unicodedata
from functools import lru_cache
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from monitor.digest.views import has_right_to_left_letters, is_right_to_left
from monitor.text.sanitize import sanitize

FONT_FAMILY = (
    "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Noto Sans','Noto Sans Lao',Helvetica,Arial,sans-serif"
)
TEXT_WIDTH_COLUMNS = 72  # number of columns of the plain text part
MAX_REFERENCES = 5  # references to other stories, in one section of an email
ZERO_WIDTH_SPACE = "\u200b"
_LAO_CONSONANT, _LAO_SIGN, _LAO_PREFIXED_VOWEL = "[\u0e81-\u0eae]", "[\u0eb0-\u0ebb\u0ec8-\u0ecd]", "[\u0ec0-\u0ec4]"
_LAO_BREAK = re.compile(
    rf"(?<=[\u0e81-\u0ecd])(?:(?={_LAO_PREFIXED_VOWEL})|"
    # A consonant with a vowel or tone begins a syllable, unless its vowel is before it, or it may be the second of two
    # consonants.
    rf"(?<!{_LAO_PREFIXED_VOWEL})(?:(?<!{_LAO_CONSONANT})|(?![\u0e87\u0e8d\u0e99\u0ea1\u0ea3\u0ea5\u0ea7]))"
    rf"(?={_LAO_CONSONANT}{_LAO_SIGN}))"
)
_MARKDOWN_SYNTAX = re.compile(r"[\\\\`*_{}\[\]#|~]|^[-+>]|^\d+[.)]")


def _count_columns(text: str) -> int:
    """Return the number of terminal columns that a text needs: 2 for a wide character, and 0 for a combining one."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _wrap_text(text: str, indent: str = "") -> str:
    """Wrap a text at the width of the plain-text email. All lines except the first begin with ``indent``."""
    lines = textwrap.wrap(
        sanitize(text),
        TEXT_WIDTH_COLUMNS - len(indent),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return f"\n{indent}".join(lines)


def mark_breaks(text: str) -> Markup:
    """Convert a text to HTML, and put zero-width spaces between Lao syllables to show where a line may break.

    This is for programs that show HTML and have no dictionary of Lao.
    """
    return Markup(_LAO_BREAK.sub(ZERO_WIDTH_SPACE, str(escape(text))))  # noqa: S704 - the text is escaped


def _escape_markdown(text: str) -> str:
    return _MARKDOWN_SYNTAX.sub(r"\\\g<0>", text.replace("&", "&amp;").replace("<", "&lt;"))


def _escape_css(text: str) -> Markup:
    """Escape a text for use in a CSS string inside a style element. The space after each code is part of the escape."""
    letters = (letter if letter.isalnum() or letter in " ,:" else f"\\{ord(letter):06x} " for letter in text)
    return Markup("".join(letters))  # noqa: S704 - escaped here


def _mark_direction(text: str) -> Markup:
    """Return the attribute ``dir`` for the HTML element of a text, with a space before it.

    The result is empty for a text without letters that are written from right to left. Most texts have none, and
    without the attribute the email is shorter.
    """
    if not has_right_to_left_letters(text):
        return Markup()
    return Markup(' dir="{}"').format("rtl" if is_right_to_left(text) else "auto")


def _is_autoescaped(name: str | None) -> bool:
    return name is None or not name.endswith((".txt", ".md"))


@lru_cache(maxsize=8)
def _create_environment(template_dir: str) -> ImmutableSandboxedEnvironment:
    loaders: list[BaseLoader] = [PackageLoader("monitor.digest")]
    if template_dir:
        loaders.insert(0, FileSystemLoader(template_dir))
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders), autoescape=_is_autoescaped, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters.update(
        fold=_wrap_text,
        width=_count_columns,
        breakable=mark_breaks,
        md=_escape_markdown,
        css_text=_escape_css,
        dir=_mark_direction,
    )
    environment.globals.update(font=Markup(FONT_FAMILY), max_references=MAX_REFERENCES)  # noqa: S704 - a constant
    return environment


def render_template(name: str, folder: str, **context: Any) -> tuple[str, str]:
    """Render the template in ``folder``, or the built-in one if the folder has no such template or that template fails.

    Return the text and a notice about the failed template. The notice is empty if no template failed.
    """
    try:
        return _create_environment(folder).get_template(name).render(context), ""
    except Exception as error:  # an override can fail in any way; for example, it may include itself
        if not folder:
            raise
        location = f" line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
        reason = str(error) or type(error).__name__
        notice = f"The template {name}{location} in the templates folder failed ({reason}); the built-in one was used."
        return _create_environment("").get_template(name).render(context), notice
