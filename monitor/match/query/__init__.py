"""Query language of rules: parser and evaluation."""
