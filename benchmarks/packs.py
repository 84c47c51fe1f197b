"""What 50 packs with 10,000 responses cost: checking, installing, start-up, opening the picker, a key in it.

Run: python -m benchmarks.packs [--packs 50] [--responses 10000] [--rounds 5]

Start-up is CPU time of processes of its own, once without packs and once with them, in turn, and the medians are compared:
settings and keymaps stand between a start and its first frame, responses are loaded behind it, in a thread. The picker's
figures are those of the search beneath it, without the painting. The figures of one machine mean little; the ratios more.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from paradesk.config.shipped import shipped
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap
from paradesk.packs.check import check
from paradesk.packs.install import Installer
from paradesk.packs.sources import fetch, understand
from paradesk.packs.store import Store
from paradesk.packs.tree import read_folder

WORDS = (
    *("order", "parcel", "refund", "invoice", "delivery", "account", "password", "login", "return", "size", "colour"),
    *("broken", "late", "missing", "voucher", "address", "payment", "card", "cancel", "change", "upgrade", "plan"),
    *("price", "stock", "warranty", "repair", "exchange", "label", "courier", "customs", "newsletter", "privacy"),
    *("export", "error", "screen", "update", "device", "battery", "cable", "website", "mail", "phone", "holiday"),
)
QUERIES = ("refund", "parcel late", "invoice address", "passwrd", "cancel order")

START = """
import json, sys, time
now = time.process_time
began = now()
from paradesk.config.settings import load_settings
from paradesk.config.keymaps import load_keymaps
from paradesk.keymap.dispatch import Dispatcher
imported = now()
settings = load_settings()
Dispatcher(load_keymaps(settings))
ready = now()
from paradesk.config.responses import load_responses
library, problems = load_responses(settings)
loaded = now()
assert not settings.shelf.findings, settings.shelf.findings
print(json.dumps([ready - began, ready - imported, loaded - ready, len(library)]))
"""


def make_pack(folder: Path, name: str, count: int, chance: random.Random) -> Path:
    """Write one pack of so many responses in two languages, one keymap and a policy."""
    texts = []
    for number in range(count):
        words = " ".join(chance.sample(WORDS, 12))
        topic, one, other = chance.choices(WORDS, k=3)
        texts.append(
            f'[[response]]\nid = "{name}.{topic}.{number}"\ntitle = "About {" ".join(chance.sample(WORDS, 3))}"\n'
            f'tags = {{ topic = "{topic}", urgency = "normal" }}\nlabels = ["{one}", "{other}"]\n'
            "[response.body]\n"
            f"en = \"Hi {{{{ customer.first_name | default: 'there' }}}}, {words}: order {{{{ order.id }}}}.\"\n"
            f'de = "Guten Tag, {words}: Bestellung {{{{ order.id }}}}."\n'
        )
    for part in range(0, count, 100):
        file = folder / "canned_responses" / f"part{part}" / "responses.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(texts[part : part + 100]))
    (folder / "keymaps").mkdir()
    (folder / "keymaps" / "desk.toml").write_text(
        '[keymap]\nname = "desk"\n[bindings.global]\n"ctrl+] a" = "app.log"\n'
    )
    (folder / "policy.toml").write_text("response_target = 45\n")
    (folder / "README.md").write_text("# For measuring\n")
    (folder / "pack.toml").write_text(
        f'name = "{name}"\nversion = "1.0.0"\ntitle = "{name}"\nauthors = ["A"]\nlicence = "CC0-1.0"\n'
        'languages = ["en", "de"]\nparadesk = "0.1.0"\n'
        '[contains]\nkeymaps = ["desk"]\ncanned_responses = true\npolicy = true\n'
    )
    return folder


def timed(act: Callable[[], object]) -> float:
    """Return the milliseconds of CPU time that something takes: what else the machine does is not counted."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


def start(environment: dict[str, str]) -> list[float]:
    """Start once and return milliseconds: until keys work, of that without imports, until responses are there."""
    done = subprocess.run([sys.executable, "-c", START], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    *seconds, count = json.loads(done.stdout)
    return [*(1000 * value for value in seconds), float(count)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=int, default=50)
    parser.add_argument("--responses", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    chance = random.Random(1)
    default = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
    each = options.responses // options.packs
    with tempfile.TemporaryDirectory(prefix="paradesk-benchmark-") as name:
        root = Path(name)
        sources = [make_pack(root / f"pack{n}", f"pack{n}", each, chance) for n in range(options.packs)]
        first = timed(lambda: check(read_folder(sources[0])[0], default))
        print(f"the first check, which imports the template engine:     {first:8.1f} ms")
        checks = [timed(lambda source=source: check(read_folder(source)[0], default)) for source in sources[1:11]]  # type: ignore[misc]
        print(f"check of a pack of {each} responses in 2 languages: {statistics.median(checks):8.1f} ms")
        moved = {"PARADESK_STATE_DIR": str(root / "state"), "PARADESK_DATA_DIR": str(root / "data")}
        bare = {**os.environ, **moved, "PARADESK_CONFIG_DIR": str(root / "bare")}
        full = {**os.environ, **moved, "PARADESK_CONFIG_DIR": str(root / "config")}
        installer = Installer(root / "config" / "packs.lock", Store(root / "data" / "packs"), default)
        began = time.perf_counter()
        for source in sources:
            installer.add(fetch(understand(str(source))), lambda step: True)
        print(f"installing {options.packs} packs one by one:               {time.perf_counter() - began:8.1f} s")
        parsed = start(full)
        rounds = [(start(bare), start(full)) for _ in range(options.rounds)]
        rows = (
            ("until keys work, imports included", 0),
            ("until keys work, without imports", 1),
            ("responses, behind the first frame", 2),
        )
        print(
            f"{'medians over ' + str(options.rounds) + ' starts':<36}{'none':>10}{'packs':>10}{'more':>10}{'ratio':>8}"
        )
        for title, place in rows:
            none, packs = (statistics.median(pair[side][place] for pair in rounds) for side in (0, 1))
            print(f"{title:<36}{none:>7.1f} ms{packs:>7.1f} ms{packs - none:>7.1f} ms{packs / none:>8.2f}")
        print(f"responses at the first start, parsed: {parsed[2]:8.1f} ms")
        print(f"responses: {rounds[0][0][3]:.0f} without packs, {rounds[0][1][3]:.0f} with them")
        os.environ.update({key: full[key] for key in full if key.startswith("PARADESK_")})
        picker()


def picker() -> None:
    """Print what the search under the picker takes with all responses."""
    from paradesk.canned.search import search
    from paradesk.config.responses import load_responses
    from paradesk.config.settings import load_settings

    library, _ = load_responses(load_settings())
    print(f"picker, first opening (its index is made): {timed(lambda: search(library, '', {}, None)):8.1f} ms")
    opened = statistics.median(timed(lambda: search(library, "", {}, None)) for _ in range(5))
    print(f"picker, opened again:                      {opened:8.1f} ms")
    keys = []
    for query in QUERIES:
        for length in range(1, len(query) + 1):
            text = query[:length]
            keys.append(statistics.median(timed(lambda text=text: search(library, text, {}, None)) for _ in range(3)))  # type: ignore[misc]
    print(f"picker, a key: median {statistics.median(keys):.1f} ms, slowest {max(keys):.1f} ms ({len(keys)} keys)")


if __name__ == "__main__":
    main()
