"""Senders: each delivers one message in one attempt, through one kind of channel."""
