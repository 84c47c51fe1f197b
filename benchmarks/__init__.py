"""One program per claim; each prints its figures. No test asserts them."""
