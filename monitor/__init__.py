"""monitor watches the news for people."""

__version__ = "0.1.0"
