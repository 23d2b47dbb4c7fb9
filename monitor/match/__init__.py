"""The watch engine: names, queries, rules over the text of an article; pure."""
