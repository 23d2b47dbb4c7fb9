"""Store of proposals: feedback of readers that counts only if an editor accepts it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, or_, select, update

from monitor.domain.errors import UsageError
from monitor.domain.feedback import Mark, Proposal, ProposalKind, ProposalOutcome, Reader, Verdict, Way
from monitor.store.connections import Connections
from monitor.store.core_tables import ARTICLE, PROPOSAL, READER, STORY
from monitor.store.row_mapping import AnyRow
from monitor.text.fold import fold_written

MAX_OPEN_OF_READER = 200


class ProposalStore:
    """Store of proposals, the feedback of readers that counts only if an editor accepts it.

    Every method is one transaction and may raise ``StoreError``.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, proposal: Proposal, reader: Reader) -> Proposal:
        """Store a proposal, and return it with its id.

        If the reader has an equal open proposal, return that proposal instead. Raises ``UsageError`` if the reader has
        too many open proposals.
        """
        names = ("article_id", "official_id", "written", "story_id", "plan_id")
        values = {name: getattr(proposal, name) for name in names} | {"kind": str(proposal.kind)}
        is_own = (PROPOSAL.c.reader_id == reader.id, PROPOSAL.c.outcome == "")
        with self._connections.write_transaction() as connection:
            equal = select(PROPOSAL.c.id).where(*is_own, *(PROPOSAL.c[name] == one for name, one in values.items()))
            number = connection.execute(equal).scalar()
            if number is None:
                count = connection.execute(select(func.count()).select_from(PROPOSAL).where(*is_own)).scalar_one()
                if count >= MAX_OPEN_OF_READER:
                    raise UsageError(f"{count} proposals of {reader.display_name} wait for an editor already")
                row = {
                    "reason": proposal.reason,
                    "note": proposal.note,
                    "reader_id": reader.id,
                    "way": str(proposal.way),
                    "made_at": proposal.made_at,
                    "outcome": "",
                    "decided_at": None,
                    "decided_by": "",
                }
                number = connection.execute(insert(PROPOSAL).values(values | row).returning(PROPOSAL.c.id)).scalar_one()
            return _from_row(connection.execute(_select().where(PROPOSAL.c.id == number)).one())

    def get(self, number: int) -> Proposal:
        """Return one proposal. Raises ``UsageError`` if it does not exist."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(_select().where(PROPOSAL.c.id == number)).first()
        if row is None:
            raise UsageError(f"there is no proposal {number}; `monitor feedback --proposals` lists them")
        return _from_row(row)

    def list_open(self, limit: int = 100) -> list[Proposal]:
        """Return the proposals of readers that no editor has decided yet, oldest first."""
        query = _select().where(PROPOSAL.c.outcome == "").order_by(PROPOSAL.c.id).limit(limit)
        with self._connections.read_transaction() as connection:
            return list(map(_from_row, connection.execute(query)))

    def count_open(self) -> int:
        """Return the number of proposals of readers that no editor has decided yet."""
        query = select(func.count()).select_from(PROPOSAL).where(PROPOSAL.c.outcome == "")
        with self._connections.read_transaction() as connection:
            return int(connection.execute(query).scalar_one())

    def decide(self, number: int, outcome: ProposalOutcome, editor: Reader, now: datetime) -> Proposal:
        """Record the decision of an editor on a proposal, and return the proposal.

        Raises ``UsageError`` if the proposal was decided before, or does not exist.
        """
        values = {"outcome": str(outcome), "decided_at": now, "decided_by": editor.display_name}
        is_open = (PROPOSAL.c.id == number, PROPOSAL.c.outcome == "")
        with self._connections.write_transaction() as connection:
            if connection.execute(update(PROPOSAL).where(*is_open).values(values)).rowcount != 1:
                raise UsageError(f"proposal {number} is decided already, or does not exist")
            return _from_row(connection.execute(_select().where(PROPOSAL.c.id == number)).one())

    def close_done(self, given: Verdict | Mark, editor: Reader, now: datetime) -> int:
        """Close the open proposals that ask for what an editor has now done, and return their number.

        ``given`` is the verdict or mark that the editor has made.

        A verdict also closes proposals about duplicates of its article. A verdict on all spellings also closes
        proposals about one spelling. Only a verdict on the whole story closes proposals about the whole story.
        """
        query = _select().where(PROPOSAL.c.outcome == "", PROPOSAL.c.kind == str(given.kind))
        if isinstance(given, Mark):
            query = query.where(PROPOSAL.c.story_id == given.story_id, PROPOSAL.c.plan_id == given.plan_id)
        else:
            about = [ARTICLE.c.id == given.root_id, ARTICLE.c.duplicate_of == given.root_id]
            about += [ARTICLE.c.story_id == given.story_id] if given.story_id else []
            query = query.where(PROPOSAL.c.official_id == given.official_id, or_(*about))
            query = query if given.story_id else query.where(PROPOSAL.c.story_id == "")
        written = given.written if isinstance(given, Verdict) else ""
        values = {"outcome": str(ProposalOutcome.DONE), "decided_at": now, "decided_by": editor.display_name}
        with self._connections.write_transaction() as connection:
            rows = connection.execute(query).all()
            ids = [row.id for row in rows if not written or fold_written(row.written) == written]
            connection.execute(update(PROPOSAL).where(PROPOSAL.c.id.in_(ids)).values(values))
        return len(ids)


def _select() -> Select[Any]:
    columns = (READER.c.login, READER.c.name, ARTICLE.c.title, STORY.c.title.label("story_title"))
    return (
        select(PROPOSAL, *columns)
        .join_from(PROPOSAL, READER)
        .outerjoin(ARTICLE, ARTICLE.c.id == PROPOSAL.c.article_id)
        .outerjoin(STORY, STORY.c.id == PROPOSAL.c.story_id)
    )


def _from_row(row: AnyRow) -> Proposal:
    return Proposal(
        id=row.id,
        kind=ProposalKind(row.kind),
        reader=row.name or row.login,
        made_at=row.made_at,
        article_id=row.article_id,
        official_id=row.official_id,
        written=row.written,
        story_id=row.story_id,
        plan_id=row.plan_id,
        reason=row.reason,
        note=row.note,
        way=Way(row.way),
        outcome=ProposalOutcome(row.outcome),
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        title=row.title or row.story_title or "",
    )
