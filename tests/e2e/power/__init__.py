"""Power cuts against the desk's own journal, on a simulated disk that forgets what was not synced."""
