"""Who has a print or a term: read for a whole batch at once, answered from memory, written at its end."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

Owner = TypeVar("Owner", int, str)


@dataclass(frozen=True, slots=True)
class Driver:
    """Statements past the compiler, whose work would cost more than the engine's; "?" marks a value on both engines."""

    connection: Connection

    def run(self, statement: str, values: Sequence[Any]) -> Any:
        """Run a statement, or one for each of a list of tuples."""
        if self.connection.dialect.name != "sqlite":
            statement = statement.replace("?", "%s")
        return self.connection.exec_driver_sql(statement, values)

    def among(self, query: str, keys: list[Any]) -> Sequence[Any]:
        """Return the rows whose key is among these, however many they are."""
        if not keys:
            return ()
        if self.connection.dialect.name == "sqlite":
            found = self.run(f"{query.format('json_each(?) CROSS JOIN')} = value", (json.dumps(keys),))
        else:
            found = self.run(f"{query.format('')} = ANY(?)", (keys,))
        rows: Sequence[Any] = found.all()
        return rows


@dataclass(frozen=True, slots=True)
class Postings(Generic[Owner]):
    """Who has a print or a term, place by place: as it was read, and as it was changed since."""

    driver: Driver
    query: str
    held: dict[int, dict[int, Owner] | None] = field(default_factory=dict)
    added: list[tuple[int, int, Owner]] = field(default_factory=list)

    def fetch(self, keys: Iterable[int]) -> None:
        """Read the keys that were not read yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.held]
        self.held.update(dict.fromkeys(missing))
        for key, place, owner in self.driver.among(self.query, missing):
            if places := self.held[key]:
                places[place] = owner
            else:
                self.held[key] = {place: owner}

    def at(self, keys: Sequence[int]) -> list[dict[int, Owner] | None]:
        """Return the places of each key, None for one that nobody has."""
        try:
            return [self.held[key] for key in keys]
        except KeyError:  # one was not foreseen
            self.fetch(keys)
            return [self.held[key] for key in keys]

    def add(self, keys: Sequence[int], place: int, owner: Owner) -> None:
        """Let an owner take its place at some keys."""
        alone = {place: owner}  # one for all the keys that nobody had, so what is there is never changed but replaced
        for key, places in zip(keys, self.at(keys), strict=True):
            if places is None:
                self.held[key] = alone
            elif places.get(place) == owner:
                continue
            else:
                self.held[key] = places | alone
            self.added.append((key, place, owner))

    def write(self, statement: str) -> None:
        """Write what was added, in its order: where two took one place, the later one has it."""
        if self.added:
            self.driver.run(statement, self.added)
