"""One message, one attempt, by mail, webhook, chat service or folder."""
