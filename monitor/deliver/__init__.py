"""Senders: deliver one message in one attempt by email, webhook, chat service or folder."""
