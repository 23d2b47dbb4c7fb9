"""Rehearsal (trial run of edited rules on stored articles) in a worker process, which opens the database itself.

This module imports no web framework, so that the worker process starts quickly.
"""

import time
from datetime import datetime

from monitor.domain.secret import Secret
from monitor.domain.watchlist import Watchlist
from monitor.pipeline.rehearsal import Rehearsal, rehearse
from monitor.store.database import Database, OpenMode


def rehearse_in_worker(database_url: Secret, watchlist: Watchlist, since_at: datetime) -> Rehearsal:
    """Try an edited watchlist (people and rules) on the articles since ``since_at``.

    Return for each rule how many hits the edit would add and remove, with examples.
    """
    database = Database.open(database_url.reveal(), OpenMode.READ_ONLY)
    try:
        return rehearse(database, watchlist, since_at, time.monotonic)
    finally:
        database.close()
