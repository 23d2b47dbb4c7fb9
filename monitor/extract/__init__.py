"""Article extraction: converts an HTML page or the content of a feed to an article with regions. No I/O."""
