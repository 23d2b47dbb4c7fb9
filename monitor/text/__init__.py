"""Text, URL and date functions that most other packages use."""
