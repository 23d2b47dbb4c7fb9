"""Webhook sender: posts signed JSON in one attempt, as defined by Standard Webhooks 1.0.0."""

import base64
import binascii
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from monitor.deliver.http_post import POST_TIMEOUT_SECONDS, HttpPoster
from monitor.domain.channels import WebhookChannel
from monitor.domain.delivery import Message, SendResult
from monitor.domain.secret import Secret

GONE_STATUS = 410


def _decode_signing_key(secret: Secret) -> bytes:
    """Return the key for signatures: the secret without its prefix ``whsec_``, decoded from base64.

    If the secret is not base64, it is used as the key itself.
    """
    text = secret.reveal().removeprefix("whsec_")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


class WebhookSender:
    """Sender that posts messages to the URL of one channel.

    ``transport`` must apply the address guard, which forbids connections to private networks.
    """

    def __init__(
        self,
        channel: WebhookChannel,
        transport: httpx.AsyncBaseTransport,
        *,
        timeout_seconds: float = POST_TIMEOUT_SECONDS,
    ) -> None:
        """Prepare the sender with the channel's URL and signing keys."""
        self._signers = [Webhook(_decode_signing_key(secret)) for secret in channel.secrets]
        self._poster = HttpPoster(
            channel.url.reveal(),
            transport,
            name="the webhook",
            gone_statuses={GONE_STATUS},
            timeout_seconds=timeout_seconds,
        )

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Send the message in one attempt within the timeout."""
        body = message.rendered.payload.encode()
        return await self._poster.post(body, self._build_headers(message, attempt_at), attempt_at)

    def _build_headers(self, message: Message, attempt_at: datetime) -> dict[str, str]:
        """Build the headers of a request, with the signatures.

        A signature covers the exact body and the time of this attempt. The request has one signature for each secret:
        there are several secrets while a user replaces one.
        """
        now = attempt_at.astimezone(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message.key,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if self._signers:
            text = message.rendered.payload
            headers["webhook-signature"] = " ".join(signer.sign(message.key, now, text) for signer in self._signers)
        return headers
