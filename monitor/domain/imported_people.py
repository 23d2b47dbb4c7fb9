"""People as read from files of other programs, before they are merged with the watched officials."""

from msgspec import Struct

from monitor.domain.watchlist import Role


class ImportedPerson(Struct, frozen=True):
    """Person in an imported file.

    - ``place`` is the line, or the id of the entity, for messages.
    - ``country`` is a name, a code of two or three letters, or the Wikidata id of a country.
    - ``wikidata`` is the Wikidata id of the person, such as Q123.
    - ``id`` is the id of an official if the file states one, otherwise empty.
    """

    place: str
    name: str
    country: str = ""
    aliases: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    wikidata: str = ""
    id: str = ""


class ImportNote(Struct, frozen=True):
    """Message about one line or entity of an imported file.

    If ``is_left_out`` is true, this person or line is not imported. Otherwise only one value is not imported.
    """

    place: str
    message: str
    is_left_out: bool = False


ImportItem = ImportedPerson | ImportNote
