"""Generator of `monitor/language/data/personal_names.toml`: frequent family names, and given names without capitals.

    python tools/personal_names.py FAKER CENSUS > monitor/language/data/personal_names.toml

FAKER is the folder that contains an unpacked Faker, with the most frequent names of each country. CENSUS is the file
`dist.all.last` of the United States census of 1990, as in the package names. `SOURCES` names the releases.
"""

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from monitor.match.names.cross_script import romanise
from monitor.text.fold import fold_key

SOURCES = (
    "the 2,000 most frequent family names of the United States census of 1990, in the public domain (names 0.3.0)",
    "last names of Faker 40.63.0 (MIT License), the lists of 42 locales",
    "given names in the Arabic, Persian and Hebrew lists of Faker 40.63.0 (MIT License)",
)
LOCALES = (
    "ar_AA", "ar_DZ", "az_AZ", "bg_BG", "cs_CZ", "da_DK", "de_AT", "de_DE", "en_GB", "en_IN", "en_KE", "en_NZ",
    "en_PK", "es_AR", "es_CO", "es_ES", "es_MX", "et_EE", "fa_IR", "fi_FI", "fr_BE", "fr_CA", "fr_FR", "he_IL",
    "hr_HR", "hu_HU", "hy_AM", "id_ID", "it_IT", "lt_LT", "lv_LV", "mk_MK", "nl_NL", "no_NO", "pt_BR", "pt_PT",
    "ro_RO", "ru_RU", "sl_SI", "sv_SE", "tr_TR", "uk_UA",
)  # fmt: skip
UNCASED_LOCALES = ("ar_AA", "ar_DZ", "fa_IR", "he_IL")
CENSUS_NAMES = 2_000
MIN_LETTERS = 3


def read_census(path: Path) -> Iterator[str]:
    """Yield the most frequent names of the census; each line begins with one."""
    yield from (line.split()[0] for line in path.read_text(encoding="ascii").splitlines()[:CENSUS_NAMES])


def read_faker(locales: tuple[str, ...], kind: str) -> Iterator[str]:
    """Yield the names of a kind (``last_name`` or ``first_name``) in the lists of some locales."""
    for locale in locales:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            names = getattr(provider, attribute)
            if attribute.startswith(kind) and isinstance(names, tuple | list | dict):
                yield from names


def write_list(key: str, names: set[str]) -> None:
    """Print a list of single names, folded."""
    folded = {fold_key(name) for name in names}
    kept = sorted(name for name in folded if len(name) >= MIN_LETTERS and name.isalpha())
    lines = "".join(f'    "{line}",\n' for line in wrap(" ".join(kept), 110))
    sys.stdout.write(f"{key} = [\n{lines}]\n")


def main() -> None:
    """Print the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faker", type=Path)
    parser.add_argument("census", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(options.faker))
    last_names = set(read_faker(LOCALES, "last_name"))
    sources = "".join(f'    "{source}",\n' for source in SOURCES)
    sys.stdout.write(
        f"# Frequent names. Made by tools/personal_names.py; explained in docs/languages.md.\nsources = [\n{sources}]\n"
    )
    write_list("common_family_names", {*read_census(options.census), *last_names, *map(romanise, last_names)})
    write_list("uncased_given_names", set(read_faker(UNCASED_LOCALES, "first_name")))


if __name__ == "__main__":
    main()
