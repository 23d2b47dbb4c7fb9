"""Parsers that check CSS selectors, JMESPath expressions and cron lines in sources.yaml.

They use the libraries that later evaluate these expressions. Each library is imported when it is first needed.
"""

import re
from datetime import UTC, datetime

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def parse_css_selector(text: str) -> str:
    """Check a CSS selector and return it unchanged. Raises ``ValueError`` if the HTML parser rejects it."""
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError  # imported at the first use

    try:
        LexborHTMLParser("<p>").css(text)
    except SelectolaxError as error:
        raise ValueError(f'"{text}" is not a valid CSS selector; write one such as div.story > h2 a') from error
    return text


def parse_jmespath(text: str) -> str:
    """Check a JMESPath expression and return it unchanged. Raises ``ValueError`` if it is invalid.

    If the extra `api` (a set of optional packages) is not installed, the text is returned without a check. A poll of
    the source then reports that the extra is missing.
    """
    try:
        import jmespath  # an extra; imported at the first use
        from jmespath.exceptions import JMESPathError
    except ImportError:
        return text
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        why = str(error).splitlines()[0]
        raise ValueError(f'"{text}" is not a valid JMESPath expression ({why}); use one such as data.items') from error
    return text


def parse_cron(text: str) -> str:
    """Check a cron line of five fields, and return it with weekday numbers replaced by names such as ``mon``.

    The reason is that cron and APScheduler number the weekdays differently. In the given text, 0 and 7 are Sunday.
    Raises ``ValueError`` if the line is invalid or its date never occurs.
    """
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(
            f'"{text}" is not a valid cron line; use minute hour day month weekday, such as "0 7 * * mon-fri"'
        )
    if fields[2] != "*" and fields[4] != "*":
        raise ValueError("day and weekday together mean different things to different programs; leave one of them *")
    fields[4] = _expand_weekdays(fields[4])
    line = " ".join(fields)
    from apscheduler.triggers.cron import CronTrigger  # imported at the first use

    try:
        trigger = CronTrigger.from_crontab(line, "UTC")
    except ValueError as error:
        said = str(error).removeprefix("Error validating expression ")  # the message of the scheduler
        raise ValueError(f'"{text}" is not a valid cron line: {said}; use a form such as "0 7 * * mon-fri"') from error
    if trigger.get_next_fire_time(None, datetime(2024, 1, 1, tzinfo=UTC)) is None:
        raise ValueError(f'"{text}" never occurs; use a day that exists, such as "0 7 1 * *"')
    return line


def _expand_weekdays(field: str) -> str:
    if field == "*":
        return field
    days: set[int] = set()
    for part in field.lower().split(","):
        found = re.fullmatch(r"(\*|[a-z]{3}|[0-7])(?:-([a-z]{3}|[0-7]))?(?:/([1-7]))?", part)
        try:
            assert found  # noqa: S101 - turned into the sentence below
            first = 0 if found[1] == "*" else _parse_weekday(found[1])
            last = 6 if found[1] == "*" or (found[3] and not found[2]) else _parse_weekday(found[2] or found[1])
        except (AssertionError, ValueError) as error:
            raise ValueError(f'"{field}" are not valid weekdays; use names such as mon,tue,wed or mon-fri') from error
        span = 6 if (found[1], found[2]) == ("0", "7") else (last - first) % 7
        days.update((first + step) % 7 for step in range(0, span + 1, int(found[3] or 1)))
    return "*" if len(days) == 7 else ",".join(_WEEKDAYS[day] for day in sorted(days))


def _parse_weekday(word: str) -> int:
    return int(word) % 7 if word.isdecimal() else _WEEKDAYS.index(word)
