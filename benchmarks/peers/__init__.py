"""The programs that are measured beside Paradesk."""
