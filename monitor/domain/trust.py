"""Whether a clock is believed. A wrong one must not have done what cannot be undone: let go of what is old."""

from dataclasses import dataclass
from datetime import datetime, timedelta

JUMP = timedelta(days=3)  # a machine that rested over the weekend is nothing to wonder about
SHARE = 100  # a new time is believed when the program has lived with it for one part in so many of the jump
BEAT = timedelta(hours=1)  # from one look at the clock to the next; what is longer was a pause, and not lived


@dataclass(frozen=True, slots=True)
class Trust:
    """The last time that was believed, and for how long the program has lived with one that is far from it."""

    at: datetime
    lived: timedelta = timedelta(0)

    def next(self, last: datetime, now: datetime) -> "Trust":
        """Return what is believed after a look at the clock; ``last`` is when it was looked at before.

        A pause of four months is believed after a day and a half, a clock in 2099 after the better part of a year.
        """
        apart = abs(now - self.at)
        if apart <= JUMP:
            return Trust(now)
        lived = self.lived + (now - last) if timedelta(0) <= now - last <= BEAT else self.lived
        return Trust(now) if lived >= apart / SHARE else Trust(self.at, lived)

    def believed(self, now: datetime) -> datetime:
        """Return the time that things may be let go by: the time itself, or the last one that was believed."""
        return now if now - self.at <= JUMP else self.at

    def wait(self, now: datetime) -> timedelta:
        """Return for how long the program has yet to live with a time that is not believed."""
        return abs(now - self.at) / SHARE - self.lived


@dataclass(frozen=True, slots=True)
class Turn:
    """What a look at the clock has shown: how far it was set back, or that it stands too far ahead to be believed.

    ``ahead`` is given with the first look that shows it, ``wait`` is how long it will take to believe it.
    """

    back: timedelta = timedelta(0)
    ahead: timedelta = timedelta(0)
    wait: timedelta = timedelta(0)
