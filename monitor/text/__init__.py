"""Text, URLs and dates: what every pure stage stands on."""
