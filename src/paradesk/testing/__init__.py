"""Public test kit for connector authors: the contract suite and what it needs."""
