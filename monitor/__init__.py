"""monitor: a news-watching daemon that reports every article about the officials it watches."""

__version__ = "0.1.0"
