"""Packs: keymaps, canned responses and policy that a team lead hands out. Text only: nothing in one ever runs."""
