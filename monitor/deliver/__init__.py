"""Senders: each sends one message in one attempt, through one kind of channel."""
