"""What workers say of themselves, kept as facts in the ledger for ``monitor status``."""

import json
from dataclasses import asdict
from datetime import datetime

from monitor.domain.crew import FORGOTTEN, WORD, Word, Words
from monitor.domain.ports import Records


def speak(words: Words, word: Word) -> None:
    """Keep a worker's word in place of the one before."""
    fields = asdict(word) | {"at": word.at.isoformat(), "began_at": word.began_at.isoformat()}
    words.set(WORD + word.name, json.dumps(fields), word.at)


def hear(words: Words) -> list[Word]:
    """Return the last word of each worker, by name."""
    return sorted(map(_word, words.named(WORD).values()), key=lambda word: word.name)


def forget(words: Words, name: str) -> None:
    """Drop the word of a worker that has ended in good order."""
    words.drop([WORD + name])


async def forget_silent(database: Records, now: datetime) -> None:
    """Drop the words of workers that fell silent long ago."""
    said = await database.read(hear, database.ledger)
    if gone := [WORD + word.name for word in said if now - word.at > FORGOTTEN]:
        await database.run(database.ledger.drop, gone)


def _word(text: str) -> Word:
    fields = json.loads(text)
    times = {name: datetime.fromisoformat(fields[name]) for name in ("at", "began_at")}
    return Word(**fields | times | {"faults": tuple(fields["faults"])})
