"""Article extraction: turns an HTML page or feed content into an article with regions. No I/O."""
