"""Who has a print or a term: read for a whole batch at once, answered from memory, written at its end."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

Owner = TypeVar("Owner", int, str)


@dataclass(frozen=True, slots=True)
class RawExecutor:
    """Statements past the compiler, whose work would cost more than the engine's; "?" marks a value on both engines."""

    connection: Connection

    def execute(self, statement: str, values: Sequence[Any]) -> Any:
        """Run a statement, or one for each of a list of tuples."""
        if self.connection.dialect.name != "sqlite":
            statement = statement.replace("?", "%s")
        return self.connection.exec_driver_sql(statement, values)

    def select_in(self, query: str, keys: list[Any]) -> Sequence[Any]:
        """Return the rows whose key is among these, however many they are."""
        if not keys:
            return ()
        if self.connection.dialect.name == "sqlite":
            found = self.execute(f"{query.format('json_each(?) CROSS JOIN')} = value", (json.dumps(keys),))
        else:
            found = self.execute(f"{query.format('')} = ANY(?)", (keys,))
        rows: Sequence[Any] = found.all()
        return rows


@dataclass(frozen=True, slots=True)
class PostingListCache(Generic[Owner]):
    """Who has a print or a term, place by place: as it was read, and as it was changed since."""

    executor: RawExecutor
    query: str
    cached: dict[int, dict[int, Owner] | None] = field(default_factory=dict)
    pending_writes: list[tuple[int, int, Owner]] = field(default_factory=list)

    def prefetch(self, keys: Iterable[int]) -> None:
        """Read the keys that were not read yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.cached]
        self.cached.update(dict.fromkeys(missing))
        for key, place, owner in self.executor.select_in(self.query, missing):
            if places := self.cached[key]:
                places[place] = owner
            else:
                self.cached[key] = {place: owner}

    def get_slots(self, keys: Sequence[int]) -> list[dict[int, Owner] | None]:
        """Return the places of each key, None for one that nobody has."""
        try:
            return [self.cached[key] for key in keys]
        except KeyError:  # one was not foreseen
            self.prefetch(keys)
            return [self.cached[key] for key in keys]

    def add(self, keys: Sequence[int], slot: int, owner: Owner) -> None:
        """Let an owner take its place at some keys."""
        alone = {slot: owner}  # one for all the keys that nobody had, so what is there is never changed but replaced
        for key, places in zip(keys, self.get_slots(keys), strict=True):
            if places is None:
                self.cached[key] = alone
            elif places.get(slot) == owner:
                continue
            else:
                self.cached[key] = places | alone
            self.pending_writes.append((key, slot, owner))

    def flush(self, statement: str) -> None:
        """Write what was added, in its order: where two took one place, the later one has it."""
        if self.pending_writes:
            self.executor.execute(statement, self.pending_writes)
