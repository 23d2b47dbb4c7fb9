"""Readers as recipients of digests.

Each reader of a digest gets a copy of the digest plan, with the time zone and languages of the reader, and an email
channel of their own.
"""

from collections.abc import Iterator, Mapping, Sequence

from monitor.config.yaml_document import KeyPath
from monitor.domain.channels import Channel, EmailChannel
from monitor.domain.digest import DigestPlan, DigestReader
from monitor.domain.errors import KeyIssue
from monitor.domain.value_parsers import MAX_ID_CHARS
from monitor.domain.values import replace


def address_readers(
    plans: Sequence[DigestPlan], readers: Sequence[DigestReader], channels: Sequence[Channel]
) -> tuple[tuple[DigestPlan, ...], tuple[EmailChannel, ...]]:
    """Return two tuples: all digest plans, with a separate plan for each reader, and the email channels of the readers.

    With a separate plan, a digest that is planned for 07:00 is sent at 07:00 in the time zone of the reader. If a
    configured plan has only readers and no channels, its separate plans replace it.
    """
    by_id = {reader.id: reader for reader in readers}
    found: list[DigestPlan] = []
    for plan in plans:
        found += [plan] if plan.channels else []
        found += [_build_plan(plan, by_id[name]) for name in dict.fromkeys(plan.readers) if name in by_id]
    used = {name for plan in plans for name in plan.readers}
    addressed = [(reader, find_mail_channel(reader, channels)) for reader in readers if reader.id in used]
    return tuple(found), tuple(
        replace(channel, id=reader.id, to=(reader.address,)) for reader, channel in addressed if channel
    )


def _build_plan(plan: DigestPlan, reader: DigestReader) -> DigestPlan:
    return replace(
        plan,
        id=reader_plan_id(plan.id, reader.id),
        channels=(reader.id,),
        readers=(),
        timezone=reader.timezone or plan.timezone,
        languages=reader.languages or plan.languages,
        muted=(*plan.muted, *reader.muted),
    )


def reader_plan_id(plan_id: str, reader_id: str) -> str:
    """Return the id of the digest plan that is made for one reader of a configured digest."""
    return f"{plan_id}-{reader_id}"


def find_mail_channel(reader: DigestReader, channels: Sequence[Channel]) -> EmailChannel | None:
    """Return the email channel through which a reader gets mail.

    If the reader's entry names a channel, return the email channel with this name, or None if there is none. Otherwise
    return the only email channel, or None if there is none or more than one.
    """
    mail = [channel for channel in channels if isinstance(channel, EmailChannel)]
    if reader.channel:
        return next((channel for channel in mail if channel.id == reader.channel), None)
    return mail[0] if len(mail) == 1 else None


def check_readers(
    readers: Mapping[str, DigestReader], digests: Mapping[str, DigestPlan], channels: Mapping[str, Channel]
) -> Iterator[KeyIssue]:
    """Yield an error or warning for each problem of readers.

    Problems are a missing email channel, a reader without a digest, an id that is used twice, and a digest for a reader
    whose id (see ``reader_plan_id``) is too long.
    """
    used = {name for plan in digests.values() for name in plan.readers}
    for name, reader in readers.items():
        path: KeyPath = ("readers", name)
        if name in channels:
            yield KeyIssue(path, f'a channel has the id "{name}", too; write another one')
        if name not in used:
            yield KeyIssue(
                path, "no digest is sent to this reader; name it in the readers of a digest", is_warning=True
            )
        if find_mail_channel(reader, tuple(channels.values())) is None:
            mail = sorted(key for key, channel in channels.items() if isinstance(channel, EmailChannel))
            shown = ", ".join(mail) or "none"
            if reader.channel:
                text = f'there is no email channel "{reader.channel}"; there are: {shown}'
                yield KeyIssue((*path, "channel"), text)
            else:
                text = f"write channel: with the email channel that sends the mail; there are: {shown}"
                yield KeyIssue(path, text)
    for plan_id, plan in digests.items():
        for index, reader_id in enumerate(plan.readers):
            own_id = reader_plan_id(plan_id, reader_id)
            if own_id in digests or len(own_id) > MAX_ID_CHARS:
                problem = "is longer than an id may be" if own_id not in digests else "is the id of another digest"
                text = f'the digest of this reader has the id "{own_id}", which {problem}; rename one of them'
                yield KeyIssue(("digests", plan_id, "readers", index), text)
