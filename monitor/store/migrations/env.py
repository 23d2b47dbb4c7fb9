"""Script that Alembic runs. It migrates the database on the connection that ``monitor.store.migrate`` passes."""

from typing import Any

from alembic import context

from monitor.store.generate_core_tables import load_metadata
from monitor.store.job_queue import PROCRASTINATE


def _ours(_thing: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:  # alembic passes all five
    return not (kind == "table" and reflected and str(name).startswith(("article_search", PROCRASTINATE)))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=load_metadata(),
    include_object=_ours,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
