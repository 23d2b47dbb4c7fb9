"""Senders: deliver one message in one attempt, each by its own kind of channel."""
