"""Check of an evidence bundle, which proves when a page was read: ``python verify.py [FOLDER]``.

The check needs nothing but Python. The hash of a record is the SHA-256 of two concatenated hexadecimal hashes: the hash
of the previous record, and the SHA-256 of the text of the record. For the first record, the previous hash is 64 zeros.
"""

import hashlib
import json
import sys
from pathlib import Path

GENESIS_HASH = "0" * 64


def chain_hash(previous: str, record_hash: str) -> str:
    """Return the hash of an evidence record in the chain.

    ``previous`` is the hash of the record before it. ``record_hash`` is the SHA-256 of the text of the record itself.
    """
    return hashlib.sha256((previous + record_hash).encode("ascii")).hexdigest()


def find_errors(folder: Path) -> list[str]:
    """Return a sentence for each error in an evidence bundle. The list is empty if the bundle is intact.

    A bundle is a folder with a page and the records that prove when the page was read.
    """
    errors = []
    for line in (folder / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        expected, _, name = line.partition("  ")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            errors.append(f"{name} was changed")
    record = (folder / "record.json").read_bytes()
    page = hashlib.sha256((folder / "page.body").read_bytes()).hexdigest()
    if json.loads(record)["sha256"] != page:
        errors.append("page.body is not the page that record.json describes")
    previous, *rest = (folder / "chain.txt").read_text(encoding="ascii").splitlines()
    hashes = {line.split()[0] for line in rest}
    if hashlib.sha256(record).hexdigest() not in hashes:
        errors.append("chain.txt does not contain record.json")
    verdicts = folder / "verdicts.txt"
    for number, verdict in enumerate(verdicts.read_bytes().splitlines() if verdicts.exists() else (), 1):
        if hashlib.sha256(verdict).hexdigest() not in hashes:
            errors.append(f"chain.txt does not contain line {number} of verdicts.txt")
    for line in rest:
        record_hash, expected = line.split()
        previous = chain_hash(previous, record_hash)
        if previous != expected:
            errors.append(f"the chain is broken at {expected}")
            break
    return errors


def main() -> int:
    """Check an evidence bundle. Print its errors or, if it has none, the last hash of its chain.

    Return the exit code: 1 if there are errors, otherwise 0.
    """
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    errors = find_errors(folder)
    last = (folder / "chain.txt").read_text(encoding="ascii").split()[-1]
    sys.stdout.write("\n".join(errors) + "\n" if errors else f"The evidence is unchanged. The chain ends with {last}\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
