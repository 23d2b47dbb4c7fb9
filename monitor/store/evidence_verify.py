"""Check a bundle of evidence: python verify.py [FOLDER]. Needs Python alone, and nothing of the program that made it.

A record's hash is SHA-256(previous hash + SHA-256 of the record), both in hexadecimal; the first follows 64 zeros.
"""

import hashlib
import json
import sys
from pathlib import Path

GENESIS_HASH = "0" * 64


def chain_hash(previous: str, record_hash: str) -> str:
    """Return the hash of a record that follows another, given the SHA-256 of its text."""
    return hashlib.sha256((previous + record_hash).encode("ascii")).hexdigest()


def find_errors(folder: Path) -> list[str]:
    """Return what does not hold in a bundle; nothing if all of it does."""
    faults = []
    for line in (folder / "SHA256SUMS").read_text(encoding="ascii").splitlines():
        expected, _, name = line.partition("  ")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            faults.append(f"{name} was changed")
    record = (folder / "record.json").read_bytes()
    page = hashlib.sha256((folder / "page.body").read_bytes()).hexdigest()
    if json.loads(record)["sha256"] != page:
        faults.append("page.body is not the page of which record.json speaks")
    previous, *rest = (folder / "chain.txt").read_text(encoding="ascii").splitlines()
    if not rest or rest[0].split()[0] != hashlib.sha256(record).hexdigest():
        faults.append("chain.txt does not begin with record.json")
    for line in rest:
        one, told = line.split()
        previous = chain_hash(previous, one)
        if previous != told:
            faults.append(f"the chain is broken at {told}")
            break
    return faults


def main() -> int:
    """Print what was found, and the hash that the chain ends with."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    faults = find_errors(folder)
    last = (folder / "chain.txt").read_text(encoding="ascii").split()[-1]
    sys.stdout.write("\n".join(faults) + "\n" if faults else f"Sound. The chain ends with {last}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
