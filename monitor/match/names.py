"""The ways a watched name may be written, and what is wrong or risky in a watch list."""

from dataclasses import dataclass

from monitor.domain.mention import Form
from monitor.domain.official import Official
from monitor.domain.rule import Watch
from monitor.text.fold import fold_key


@dataclass(frozen=True, slots=True)
class NameForm:
    """One way a name may stand. ``risky`` forms need more evidence than themselves; ``why`` says which, or whence."""

    text: str
    form: Form
    risky: bool
    why: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about one value of a watch list: whose, which field, which item of it, and whether it is fatal.

    ``id`` is that of an official or a rule, ``kind`` tells which; ``index`` is -1 where the field is no list.
    """

    kind: str
    id: str
    field: str
    index: int
    message: str
    fatal: bool


def name_forms(official: Official) -> tuple[NameForm, ...]:
    """List every form that will be looked for, the surest first."""
    given = [NameForm(official.name, Form.FULL, risky=False, why="the name as configured")]
    return tuple(given + [NameForm(alias, Form.FULL, risky=False, why="an alias") for alias in official.aliases])


def review(watch: Watch) -> tuple[Remark, ...]:
    """Remark on what cannot work or will mislead: equal names, names without a letter, empty names."""
    remarks: list[Remark] = []
    owners: dict[str, str] = {}
    for official in watch.officials:
        for index, name in enumerate((official.name, *official.aliases), start=-1):
            field = "name" if index < 0 else "aliases"
            key = " ".join(fold_key(name).replace("-", " ").split())
            if not any(char.isalpha() for char in key):
                remarks.append(Remark("official", official.id, field, index, f"{name!r} holds no letter", fatal=True))
            elif owners.setdefault(key, official.id) != official.id:
                message = f"{name!r} is also a name of {owners[key]}: mentions will be told apart by post and country"
                remarks.append(Remark("official", official.id, field, index, message, fatal=False))
    return tuple(remarks)
