"""Modal screens: each takes plain values, and dismisses with a typed result or None."""
