"""What each kind of evidence counts in the ranking of canned responses, by how much has been learnt.

Fitted: the rows of 0, 100, 500 and 2,500 choices, in both tables. They are the maximum likelihood of the response that
was picked among those that matched (a conditional logit, no weight negative), on the tuning part of the STAR dialogues
(Mosig, Mehri and Kober, 2020, arXiv:2010.11853): a fifth of the earlier four fifths; docs/picker.md says how it was split.

Set by hand: the last row of each table (16,000 choices), rounded from an earlier form of the evidence and not fitted to
this one; and in every row the weights of tags and of the chat's state, because STAR has neither.
"""

LEVELS = (0, 100, 500, 2_500, 16_000)
"""How many choices had been learnt for each row; between two levels the weights pass over into each other."""

_TAGS, _STATE = 0.5, 0.02

# fmt: off
TYPED: tuple[tuple[float, ...], ...] = (
    (0.324, 0.765, 2.447, 0.557, 4.85, 1.568, 3.361, 1.319, _TAGS,
     0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, _STATE, 0.0),
    (0.273, 0.575, 2.726, 0.777, 3.936, 1.451, 3.092, 1.276, _TAGS,
     0.092, 0.013, 0.21, 0.2, 0.046, 0.007, 0.096, 0.024, 0.064, _STATE, 0.093),
    (0.317, 0.553, 1.398, 0.456, 3.284, 1.024, 2.808, 1.306, _TAGS,
     0.08, 0.044, 0.097, 0.403, 0.033, 0.004, 0.118, 0.063, 0.077, _STATE, 0.0),
    (0.243, 0.369, 0.0, 0.218, 2.473, 1.038, 2.3, 0.991, _TAGS,
     0.073, 0.084, 0.165, 0.348, 0.031, 0.011, 0.142, 0.128, 0.064, _STATE, 0.0),
    (0.18, 0.25, 0.0, 0.0, 1.4, 0.55, 1.4, 0.6, _TAGS,
     0.0, 0.15, 0.13, 0.44, 0.03, 0.02, 0.21, 0.13, 0.09, _STATE, 0.1),
)
"""While something is typed. In the order of `ranking.WEIGHED`."""
OPEN: tuple[tuple[float, ...], ...] = (
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.72, 2.021, _TAGS,
     0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, _STATE, 0.0),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.599, 1.721, _TAGS,
     0.0, 0.0, 0.0, 0.0, 0.062, 0.005, 0.246, 0.13, 0.081, _STATE, 0.252),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.072, 1.408, _TAGS,
     0.0, 0.0, 0.0, 0.0, 0.056, 0.007, 0.242, 0.128, 0.093, _STATE, 0.222),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.381, 0.849, _TAGS,
     0.0, 0.0, 0.0, 0.0, 0.058, 0.015, 0.309, 0.142, 0.077, _STATE, 0.367),
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.8, 0.5, _TAGS,
     0.0, 0.0, 0.0, 0.0, 0.05, 0.015, 0.25, 0.2, 0.1, _STATE, 0.12),
)
"""Before anything is typed. In the order of `ranking.WEIGHED`."""
# fmt: on
