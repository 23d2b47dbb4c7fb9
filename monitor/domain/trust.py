"""Whether a clock is believed. A wrong one must not have done what cannot be undone: let go of what is old."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_CLOCK_JUMP = timedelta(days=3)  # a machine that rested over the weekend is nothing to wonder about
TRUST_DIVISOR = 100  # a new time is believed when the program has lived with it for one part in so many of the jump
MAX_CHECK_GAP = timedelta(hours=1)  # from one look at the clock to the next; what is longer was a pause, and not lived


@dataclass(frozen=True, slots=True)
class ClockTrust:
    """The last time that was believed, and for how long the program has lived with one that is far from it."""

    at: datetime
    lived: timedelta = timedelta(0)

    def advance(self, last_checked_at: datetime, now: datetime) -> "ClockTrust":
        """Return what is believed after a look at the clock; ``last`` is when it was looked at before.

        A pause of four months is believed after a day and a half, a clock in 2099 after the better part of a year.
        """
        apart = abs(now - self.at)
        if apart <= MAX_CLOCK_JUMP:
            return ClockTrust(now)
        lived = (
            self.lived + (now - last_checked_at)
            if timedelta(0) <= now - last_checked_at <= MAX_CHECK_GAP
            else self.lived
        )
        return ClockTrust(now) if lived >= apart / TRUST_DIVISOR else ClockTrust(self.at, lived)

    def trusted_time(self, now: datetime) -> datetime:
        """Return the time that things may be let go by: the time itself, or the last one that was believed."""
        return now if now - self.at <= MAX_CLOCK_JUMP else self.at

    def remaining_wait(self, now: datetime) -> timedelta:
        """Return for how long the program has yet to live with a time that is not believed."""
        return abs(now - self.at) / TRUST_DIVISOR - self.lived


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What a look at the clock has shown: how far it was set back, or that it stands too far ahead to be believed.

    ``ahead`` is given with the first look that shows it, ``wait`` is how long it will take to believe it.
    """

    set_back_by: timedelta = timedelta(0)
    ahead_by: timedelta = timedelta(0)
    trusted_after: timedelta = timedelta(0)
