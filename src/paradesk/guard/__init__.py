"""Is this reply about to go to the wrong customer? Pure: drafts and a snapshot in, a verdict out; no I/O, no clock."""
