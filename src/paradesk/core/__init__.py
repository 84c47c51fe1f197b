"""The vocabulary of the desk, pure: no I/O, no asyncio, no clock (time is an argument)."""
