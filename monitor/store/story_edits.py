"""Joining and splitting of stories by a reader. Earlier digests are not changed.

Later grouping does not reverse these edits. It never moves an article that already has a story, so joined stories stay
joined. It merges only open stories, and a story that was split off is not open.
"""

import json
from collections.abc import Sequence
from string import ascii_lowercase

from sqlalchemy import Connection, delete, insert, select, update

from monitor.domain.errors import UsageError
from monitor.domain.feedback import Change, Reader
from monitor.domain.values import replace
from monitor.store.connections import Connections
from monitor.store.core_tables import ARTICLE, STORY, STORY_CENTROID, VERDICT
from monitor.store.feedback import add_change, resolve_story, set_undone
from monitor.store.grouping_index import invalidate_windows, lock_grouping
from monitor.store.rescreening import enqueue_rescreen, move_feedback, request_rescreen
from monitor.store.row_mapping import chunk_ids, is_in_stories


class StoryEditStore:
    """Store of the edits by which readers join and split stories; every method is one transaction."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def join(self, story_id: str, into: str, reader: Reader, change: Change) -> Change:
        """Move all articles of a story into the story ``into``. Store and return the record of this change.

        Afterwards the old id refers to ``into``. Raises ``UsageError`` if the stories cannot be joined.
        """
        with self._connections.write_transaction(durable=True) as connection:
            _lock_stories(connection)
            story_id, into = resolve_story(connection, story_id), resolve_story(connection, into)
            if story_id == into:
                raise UsageError(f"{story_id} is that story already")
            moved = list(connection.execute(select(ARTICLE.c.id).where(*is_in_stories([story_id]))).scalars())
            earlier = (STORY.c.merged_into == story_id, STORY.c.merged_into != "")
            merged = list(connection.execute(select(STORY.c.id).where(*earlier)).scalars())
            connection.execute(update(ARTICLE).where(*is_in_stories([story_id])).values(story_id=into))
            connection.execute(update(STORY).where(*earlier).values(merged_into=into))
            connection.execute(update(STORY).where(STORY.c.id == story_id).values(merged_into=into))
            connection.execute(delete(STORY_CENTROID).where(STORY_CENTROID.c.story_id == story_id))
            move_feedback(connection, story_id, into)
            _update_story(connection, into)
            request_rescreen(connection, moved)
            before = json.dumps({"story": story_id, "articles": moved, "merged": merged})
            text = f"story {story_id} into {into}"
            return add_change(connection, replace(change, subject=text, before=before, after=into), reader)

    def split(self, story_id: str, article_ids: Sequence[int], reader: Reader, change: Change) -> Change:
        """Move articles out of a story into a new one. Store and return the record of this change.

        The duplicates and originals of these articles in the story are moved as well. Raises ``UsageError`` if the
        story cannot be split in this way.
        """
        with self._connections.write_transaction(durable=True) as connection:
            _lock_stories(connection)
            story_id = resolve_story(connection, story_id)
            rows = connection.execute(
                select(ARTICLE.c.id, ARTICLE.c.duplicate_of, ARTICLE.c.title).where(*is_in_stories([story_id]))
            ).all()
            roots = {row.id: row.duplicate_of or row.id for row in rows}
            foreign = sorted(set(article_ids) - roots.keys())
            if foreign:
                raise UsageError(f"article {foreign[0]} is not in story {story_id}")
            wanted = {roots[number] for number in article_ids}
            moved = sorted(number for number, root in roots.items() if root in wanted)
            if len(moved) == len(roots):
                raise UsageError(f"these are all articles of story {story_id}; name the ones that do not belong to it")
            new_id = _choose_story_id(connection, moved)
            title = next(row.title for row in rows if row.id == moved[0])
            row = {"id": new_id, "title": title, "first_seen_at": change.made_at, "last_seen_at": change.made_at}
            connection.execute(insert(STORY).values(**row, merged_into=""))
            _move(connection, moved, new_id)
            _update_story(connection, new_id)
            _update_story(connection, story_id)
            had_verdict = select(VERDICT.c.id).where(VERDICT.c.story_id == story_id, VERDICT.c.undone_at.is_(None))
            if connection.execute(had_verdict.limit(1)).first():
                enqueue_rescreen(connection, moved)
            before = json.dumps({"story": story_id, "articles": moved})
            names = ", ".join(f"a{number}" for number in moved)
            text = f"{names} from story {story_id}"
            return add_change(connection, replace(change, subject=text, before=before, after=new_id), reader)

    def undo(self, undone: Change, reader: Reader, change: Change) -> Change:
        """Undo a join or split of stories. Store ``change``, the record of the undoing, and return it.

        The moved articles return to their former story, if they are still in the story to which the edit moved them.
        """
        facts = json.loads(undone.before)
        story_id: str = facts["story"]
        with self._connections.write_transaction(durable=True) as connection:
            _lock_stories(connection)
            set_undone(connection, undone, reader, change)
            present = resolve_story(connection, undone.after)
            moved = [
                number
                for chunk in chunk_ids(facts["articles"])
                for number in connection.execute(
                    select(ARTICLE.c.id).where(ARTICLE.c.id.in_(chunk), ARTICLE.c.story_id == present)
                ).scalars()
            ]
            if undone.what == "join":
                connection.execute(update(STORY).where(STORY.c.id == story_id).values(merged_into=""))
                for earlier in facts["merged"]:
                    connection.execute(update(STORY).where(STORY.c.id == earlier).values(merged_into=story_id))
            else:
                story_id = resolve_story(connection, story_id)
                connection.execute(update(STORY).where(STORY.c.id == undone.after).values(merged_into=story_id))
                move_feedback(connection, undone.after, story_id)
            _move(connection, moved, story_id)
            _update_story(connection, story_id)
            enqueue_rescreen(connection, moved)
            return add_change(connection, change, reader)


def _lock_stories(connection: Connection) -> None:
    """Prevent other processes from assigning articles to stories until this transaction ends.

    After the transaction, all processes load their indexes of articles and stories (grouping windows) again.
    """
    lock_grouping(connection)
    invalidate_windows(connection)


def _move(connection: Connection, article_ids: Sequence[int], story_id: str) -> None:
    for chunk in chunk_ids(article_ids):
        connection.execute(update(ARTICLE).where(ARTICLE.c.id.in_(chunk)).values(story_id=story_id))


def _update_story(connection: Connection, story_id: str) -> None:
    """Set the first and last time of a story to the times at which its first and last article were first seen.

    If none of its articles has the same title as the story any longer, replace the title of the story by the title of
    the first article.
    """
    columns = (ARTICLE.c.first_seen_at, ARTICLE.c.title)
    query = select(*columns).where(*is_in_stories([story_id])).order_by(ARTICLE.c.first_seen_at, ARTICLE.c.id)
    rows = connection.execute(query).all()
    if not rows:
        return
    title = connection.execute(select(STORY.c.title).where(STORY.c.id == story_id)).scalar()
    values = {
        "first_seen_at": rows[0].first_seen_at,
        "last_seen_at": rows[-1].first_seen_at,
        "title": title if any(row.title == title for row in rows) else rows[0].title,
    }
    connection.execute(update(STORY).where(STORY.c.id == story_id).values(values))


def _choose_story_id(connection: Connection, article_ids: Sequence[int]) -> str:
    """Return an unused story id for the articles that are split off from a story.

    A story normally has the id of its first article, such as s12 for article 12. The first of the given articles whose
    id is free is used. If none is free, a letter is appended to the id of the first article.
    """
    first = article_ids[0]
    candidates = [*(f"s{number}" for number in article_ids[:20]), *(f"s{first}{letter}" for letter in ascii_lowercase)]
    used = set(connection.execute(select(STORY.c.id).where(STORY.c.id.in_(candidates))).scalars())
    free = next((one for one in candidates if one not in used), None)
    if free is None:
        raise UsageError(f"article {first} was split off too often")
    return free
