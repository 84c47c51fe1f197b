"""Canned responses, pure: responses, templates, ranking."""
