"""Generator of `monitor/language/data/han_words.toml`: Chinese words that hide or resemble names.

    python tools/han_words.py JIEBA FAKER > monitor/language/data/han_words.toml

JIEBA is the file `dict.txt` of jieba, with words, their frequencies and parts of speech: `nr` are names of people, `ns`
of places.
FAKER is the folder that contains an unpacked Faker, for the Chinese family names. `SOURCES` names the releases.
"""

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

SOURCES = (
    "words, frequencies and parts of speech of jieba 0.42.1 (MIT License)",
    "family names of Faker 40.63.0 (MIT License), locale zh_CN",
)
NAME_LENGTH = 2
LONGEST_WORD = 4
MIN_FREQUENCIES = {"nr": 3_000, "ns": 3_000, "n": 1_000, "": 50}
"""Least frequencies by the beginning of the part of speech: the dictionary takes some names for nouns or places."""
MIN_FREQUENCY_OF_LONGER = 20


def read_words(path: Path, family_names: set[str]) -> Iterator[str]:
    """Yield the words that are like a name, and the longer words that contain one."""
    for line in path.read_text(encoding="utf-8").splitlines():
        word, frequency, part_of_speech = line.split()
        count = int(frequency)
        least = next(number for part, number in MIN_FREQUENCIES.items() if part_of_speech.startswith(part))
        if len(word) == NAME_LENGTH and word[0] in family_names and count >= least:
            yield word
        is_longer = NAME_LENGTH < len(word) <= LONGEST_WORD and not family_names.isdisjoint(word[:-1])
        if is_longer and not part_of_speech.startswith("nr") and count >= MIN_FREQUENCY_OF_LONGER:
            yield word


def main() -> None:
    """Print the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jieba", type=Path)
    parser.add_argument("faker", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(options.faker))
    provider = importlib.import_module("faker.providers.person.zh_CN").Provider
    words = sorted(set(read_words(options.jieba, {name for name in provider.last_names if len(name) == 1})))
    sources = "".join(f'    "{source}",\n' for source in SOURCES)
    lines = "".join(f'    "{line}",\n' for line in wrap(" ".join(words), 60))
    sys.stdout.write(
        "# Chinese words with the characters of a name. Made by tools/han_words.py; explained in docs/languages.md.\n"
        f"sources = [\n{sources}]\nwords = [\n{lines}]\n"
    )


if __name__ == "__main__":
    main()
