"""A bundle of evidence: a folder with a matched page as it was received, and what proves that it is old and unchanged.

The page is there as a WARC, which archives read, and as plain bytes, which anybody can hash.
"""

import io
import json
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from monitor.domain.archive import EvidenceProof, PageSnapshot
from monitor.domain.errors import UsageError
from monitor.store import verify

_TRANSFER_HEADERS = {
    "content-encoding",
    "transfer-encoding",
    "content-length",
}  # the body is kept as it was after these
README_TEMPLATE = """Evidence of article {article}: {url}

page.body     the page as the server sent it, after transfer decoding
page.warc.gz  the same with its HTTP headers, for tools that read web archives
record.json   what was noted of it when it was found, and sealed into the chain
article.json  the text that was read in the page, and what was found in it
chain.txt     the hash before the record, then for each record since then its SHA-256 and its hash in the chain
verify.py     checks all of this: python verify.py

By hand: sha256sum -c SHA256SUMS. The SHA-256 of page.body stands in record.json, that of record.json begins the second
line of chain.txt, and each hash is the SHA-256 of the hash before it and the record's SHA-256, written one after the
other. Any later hash of the chain that somebody else has kept (in a message, in a backup) proves that the record is
older and was not changed since.
"""


def write_evidence_bundle(
    folder: Path,
    snapshot: PageSnapshot,
    proof: EvidenceProof,
    chain: list[tuple[str, str]],
    article: Mapping[str, object],
) -> Path:
    """Write a bundle into a new folder and return it. ``chain`` begins with the proof's own record.

    Raises ``UsageError`` if the folder is there already: evidence is never written over.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{folder} is there already; name another folder with --to") from None
    files = {
        "README.txt": README_TEMPLATE.format(article=snapshot.article_id, url=snapshot.url).encode(),
        "page.body": snapshot.body,
        "page.warc.gz": to_warc(snapshot, proof),
        "record.json": proof.record.encode(),
        "article.json": json.dumps(article, ensure_ascii=False, indent=1).encode(),
        "chain.txt": "\n".join([proof.previous_hash, *(f"{record} {hashed}" for record, hashed in chain)]).encode()
        + b"\n",
        "verify.py": Path(verify.__file__).read_bytes(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sums = [f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="ascii")
    return folder


def to_warc(snapshot: PageSnapshot, proof: EvidenceProof) -> bytes:
    """Return a WARC of two records: the response, and the record of the chain that speaks of it."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True, warc_version="1.1")
    dated = {"WARC-Date": snapshot.captured_at.strftime("%Y-%m-%dT%H:%M:%SZ")} if snapshot.captured_at else {}
    headers = [
        (f"X-Archive-Orig-{name}" if name.lower() in _TRANSFER_HEADERS else name, value)
        for name, value in snapshot.headers
    ]
    phrase = HTTPStatus(snapshot.status).phrase if snapshot.status in set(HTTPStatus) else ""
    http = StatusAndHeaders(f"{snapshot.status} {phrase}".strip(), headers, protocol="HTTP/1.1")
    response = writer.create_warc_record(
        snapshot.url,
        "response",
        payload=io.BytesIO(snapshot.body),
        length=len(snapshot.body),
        http_headers=http,
        warc_headers_dict={**dated, "WARC-Payload-Digest": f"sha256:{snapshot.sha256}"},
    )
    writer.write_record(response)
    sealed = proof.record.encode()
    note = writer.create_warc_record(
        snapshot.url,
        "metadata",
        payload=io.BytesIO(sealed),
        length=len(sealed),
        warc_content_type="application/json",
        warc_headers_dict={**dated, "WARC-Refers-To": response.rec_headers.get_header("WARC-Record-ID")},
    )
    writer.write_record(note)
    return buffer.getvalue()
