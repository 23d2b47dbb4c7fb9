"""Generator of `monitor/language/data/family_names.toml`: family names that very many people have.

    python tools/family_names.py FAKER CENSUS > monitor/language/data/family_names.toml

FAKER is the folder that contains an unpacked Faker, whose lists of family names are the most frequent ones of each
country. CENSUS is the file `dist.all.last` of the United States census of 1990, as in the package names. `SOURCES`
names the releases.
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
)
LOCALES = (
    "ar_AA", "ar_DZ", "az_AZ", "bg_BG", "cs_CZ", "da_DK", "de_AT", "de_DE", "en_GB", "en_IN", "en_KE", "en_NZ",
    "en_PK", "es_AR", "es_CO", "es_ES", "es_MX", "et_EE", "fa_IR", "fi_FI", "fr_BE", "fr_CA", "fr_FR", "he_IL",
    "hr_HR", "hu_HU", "hy_AM", "id_ID", "it_IT", "lt_LT", "lv_LV", "mk_MK", "nl_NL", "no_NO", "pt_BR", "pt_PT",
    "ro_RO", "ru_RU", "sl_SI", "sv_SE", "tr_TR", "uk_UA",
)  # fmt: skip
CENSUS_NAMES = 2_000
MIN_LETTERS = 3


def read_census(path: Path) -> Iterator[str]:
    """Yield the most frequent names of the census; each line begins with one."""
    yield from (line.split()[0] for line in path.read_text(encoding="ascii").splitlines()[:CENSUS_NAMES])


def read_faker(folder: Path) -> Iterator[str]:
    """Yield the last names of all locales, and the names of other scripts in Latin letters too."""
    sys.path.insert(0, str(folder))
    for locale in LOCALES:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            if attribute.startswith("last_name") and isinstance(getattr(provider, attribute), tuple | list | dict):
                for name in getattr(provider, attribute):
                    yield name
                    yield romanise(name)


def main() -> None:
    """Print the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faker", type=Path)
    parser.add_argument("census", type=Path)
    options = parser.parse_args()
    names = {fold_key(name) for name in (*read_census(options.census), *read_faker(options.faker))}
    kept = sorted(name for name in names if len(name) >= MIN_LETTERS and name.isalpha())
    sys.stdout.write(
        "# Family names that very many people have. Made by tools/family_names.py; explained in docs/languages.md.\n"
        + "".join(["sources = [\n", *(f'    "{source}",\n' for source in SOURCES), "]\ncommon = [\n"])
        + "".join([*(f'    "{line}",\n' for line in wrap(" ".join(kept), 110)), "]\n"])
    )


if __name__ == "__main__":
    main()
