"""A few words to systemd, in the protocol of ``sd_notify(3)``; without systemd they go nowhere."""

import socket
from collections.abc import Mapping

SD_READY = "READY=1"
SD_STOPPING = "STOPPING=1"
SD_WATCHDOG = "WATCHDOG=1"


class SystemdNotifier:
    """Speaks to the socket that the environment names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def notify(self, *assignments: str) -> bool:
        """Send assignments such as ``READY``; returns whether somebody listens. Never raises."""
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(assignments).encode(), self._address)
        except OSError:
            return False
        return True

    def set_status(self, text: str) -> bool:
        """Send one line for ``systemctl status``."""
        return self.notify(f"STATUS={' '.join(text.split())}")
