"""The HTTP API, which programs use with an access token. It returns the same JSON records as the command line.

Long lists are returned in pages, each with the cursor of the next page. Responses have entity tags, so that a client
does not load unchanged data again.
"""
