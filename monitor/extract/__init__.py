"""A page to an article with regions; pure."""
