"""Records about a person over time, for output as JSON and CSV."""

from collections.abc import Iterator

from monitor.insight.people import PersonHistory, PersonLine
from monitor.insight.succession import Succession
from monitor.records.people import HistoryRecord, PersonRecord, SuccessionRecord, count_records, form_record


def person_record(line: PersonLine) -> PersonRecord:
    """Return a row of the list of people as a JSON record, whose keys include ``PEOPLE_COLUMNS``."""
    return {
        "id": line.official.id,
        "name": line.official.name,
        "country": line.official.country,
        "position": line.position,
        "aliases": line.official.aliases,
        "week": line.week,
        "usual_week": line.usual_week,
        "last_named_at": line.last_at,
        "archive_since": line.archive_since,
    }


def history_record(history: PersonHistory) -> HistoryRecord:
    """Return the history of a person in a period (timeline, stories and articles) as a JSON record."""
    view = history.view
    return {
        "id": view.official.id,
        "name": view.official.name,
        "country": view.official.country,
        "position": view.position,
        "articles": view.total,
        "stories": history.story_count,
        "first_named_at": history.first_at,
        "last_named_at": view.last_at,
        "sample_articles": view.sample.size,
        "timeline": [
            {"start": bar.start, "end": bar.end, "articles": bar.count, "stories": bar.stories} for bar in view.bars
        ],
        "outlets": count_records(view.sample.outlets),
        "languages": count_records(view.sample.languages),
        "rules": count_records(history.rules),
        "named_with": [
            {"id": one.id, "name": one.name, "articles": one.count, "lift": one.lift and round(one.lift, 2)}
            for one in history.companions
        ],
        "forms": [form_record(one) for one in view.forms],
        "posts": [
            {
                "post": one.post,
                "articles": one.count,
                "first_on": one.first_on.isoformat(),
                "last_on": one.last_on.isoformat(),
                "article": one.article_id,
            }
            for one in history.seen_posts
        ],
    }


def timeline_records(history: PersonHistory) -> Iterator[dict[str, object]]:
    """Yield a record for each bar (day or week) of a person's timeline, with the keys ``TIMELINE_COLUMNS``."""
    for bar in history.view.bars:
        numbers = {"articles": bar.count, "stories": bar.stories}
        yield {"official": history.view.official.id, "from": bar.start, "to": bar.end, **numbers}


def succession_record(succession: Succession) -> SuccessionRecord:
    """Return a succession (a post that may have changed hands) as a JSON record.

    The first keys are the columns of the command ``monitor succession``.
    """
    return {
        "official": succession.official.id,
        "name": succession.official.name,
        "kind": str(succession.kind),
        "person": succession.person,
        "post": succession.post,
        "since": succession.since.isoformat(),
        "outlets": list(succession.outlets),
        "yaml": succession.yaml_line,
        "statements": [
            {
                "article": one.article_id,
                "outlet": one.outlet,
                "title": one.title,
                "url": one.url,
                "person": one.person,
                "passage": one.passage,
                "direct": one.is_direct,
                "seen_at": one.seen_at,
            }
            for one in succession.statements
        ],
    }
