"""Pages for the tests of what all pages share."""
