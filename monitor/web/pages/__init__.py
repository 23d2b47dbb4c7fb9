"""Pages of the desk, the web site for readers. Each module has a group of pages."""
