"""The whole of it: every screen for every serving of hostile texts. Run `python -m tests.e2e.hostile --full`."""

import sys

from tests.e2e.test_hostile_bytes import EVERY, foreign
from tests.hostile_corpus import everything

if __name__ == "__main__":
    texts = [entry.text for entry in everything()]
    found = foreign(texts, 1 if "--full" in sys.argv else EVERY)
    print(f"{len(texts)} texts; foreign sequences: {sorted(found) or 'none'}")
    sys.exit(1 if found else 0)
