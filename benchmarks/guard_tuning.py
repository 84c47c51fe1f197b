"""Derives the constants of the guard's checks `leak` and `fit` from recorded dialogues."""

import math
import random
from collections.abc import Callable, Sequence

Evidence = Sequence[Sequence[float]]
"""Of one reply: for each open chat, the right one first, the evidence of each kind."""

_STEPS = 40
_RATE = 0.5
_PULL = 1e-3


def weights(found: Sequence[Evidence], seed: int = 1) -> list[float]:
    """Return what each kind of evidence counts: the maximum likelihood of the right chat among the open ones.

    A conditional logit, by stochastic gradient descent with rates for each weight (Adagrad). No weight is negative:
    evidence for a chat never counts against it.
    """
    kinds = len(found[0][0])
    scale = [
        math.sqrt(sum(chat[kind] ** 2 for one in found for chat in one) / sum(len(one) for one in found)) or 1.0
        for kind in range(kinds)
    ]
    scaled = [[[value / size for value, size in zip(chat, scale, strict=True)] for chat in one] for one in found]
    rng = random.Random(seed)
    weight, squares = [0.1] * kinds, [1e-6] * kinds
    total, counted = [0.0] * kinds, 0
    for step in range(_STEPS):
        rng.shuffle(scaled)
        for place in range(0, len(scaled), 32):
            slope = [_PULL * value for value in weight]
            batch = scaled[place : place + 32]
            for one in batch:
                scores = [sum(map(float.__mul__, weight, chat)) for chat in one]
                highest = max(scores)
                powers = [math.exp(score - highest) for score in scores]
                whole = sum(powers)
                for number, (power, chat) in enumerate(zip(powers, one, strict=True)):
                    error = (power / whole - (number == 0)) / len(batch)
                    if abs(error) > 1e-6:
                        slope = [old + error * value for old, value in zip(slope, chat, strict=True)]
            squares = [old + value * value for old, value in zip(squares, slope, strict=True)]
            weight = [
                max(0.0, old - _RATE / (2 + step) * value / math.sqrt(square) * math.sqrt(1 + step))
                for old, value, square in zip(weight, slope, squares, strict=True)
            ]
            if step >= _STEPS // 2:
                total = [old + value for old, value in zip(total, weight, strict=True)]
                counted += 1
    return [value / counted / size for value, size in zip(total, scale, strict=True)]


def limit(right: Sequence[float], share: float) -> float:
    """Return the smallest limit that at most `share` of these figures reach."""
    ordered = sorted(right, reverse=True)
    return math.nextafter(ordered[min(len(ordered) - 1, int(share * len(ordered)))], math.inf)


def interval(
    groups: Sequence[tuple[float, float]], rng: random.Random, ratio: Callable[[float, float], float], rounds: int = 400
) -> tuple[float, float]:
    """Return a 95 % interval of a share, by drawing whole groups (hits, cases) again: replies of a group hang together."""
    shares = []
    for _ in range(rounds):
        drawn = rng.choices(groups, k=len(groups))
        shares.append(ratio(sum(hits for hits, _ in drawn), sum(count for _, count in drawn)))
    shares.sort()
    return shares[int(0.025 * rounds)], shares[int(0.975 * rounds) - 1]
