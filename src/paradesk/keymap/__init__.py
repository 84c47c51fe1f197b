"""Keys, pure: names, sequences, layers, dispatch and the registry of actions."""
