"""A server of our own that plays Chatwoot from its published description, for the tests of its connector."""
