"""The real desk, killed thousands of times while it delivers replies to a backend that breaks in every way it can.

    python -m tests.e2e.torture --kills 10000 --mode exact|echo|none [--resend-once] [--mutant all] [--seed 1]

Each life of the desk is a process of its own that is killed with SIGKILL at a random moment, its start included. What it
said it had accepted must, in the end, be at the backend once and in order. Status 1 when anything is not so.
"""
