"""Who there is: the agent, colleagues and teams, and the customers with their orders and pasts."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from paradesk.core.model import Agent, Customer, EarlierConversation

ME = Agent(id="agent-robin", name="Robin Ellis", email="robin.ellis@acme.example")
SUPERVISOR = Agent(id="agent-ines", name="Inês Carvalho", email="ines.carvalho@acme.example")
COLLEAGUES = (
    SUPERVISOR,
    Agent(id="agent-lena", name="Lena Vogt", email="lena.vogt@acme.example"),
    Agent(id="agent-tom", name="Tom Adeyemi", email="tom.adeyemi@acme.example"),
    Agent(id="agent-yuki", name="Yuki Tanaka", email="yuki.tanaka@acme.example"),
    Agent(id="agent-dmitri", name="Дмитрий Орлов", email="dmitri.orlov@acme.example", online=False),
)
TEAMS = (
    Agent(id="team-billing", name="Billing", kind="team"),
    Agent(id="team-delivery", name="Delivery", kind="team"),
    Agent(id="team-technical", name="Technical support", kind="team"),
    Agent(id="team-privacy", name="Privacy office", kind="team"),
)

NAMES: tuple[tuple[str, str, str], ...] = (
    ("Sarah Chen", "sarah.chen", "en"),
    ("Jonas Kühn", "jonas.kuehn", "de"),
    ("Amélie Lefèvre", "amelie.lefevre", "fr"),
    ("Michael O’Connor", "m.oconnor", "en"),
    ("Анна Петрова", "anna.petrova", "ru"),
    ("Lukas Grünwald", "lukas.gruenwald", "de"),
    ("李伟", "li.wei", "zh"),
    ("Priya Raman", "priya.raman", "en"),
    ("Γιώργος Παπαδόπουλος", "g.papadopoulos", "el"),
    ("Katharina Weiß", "k.weiss", "de"),
    ("سارة المنصوري", "sara.almansoori", "ar"),
    ("David Okafor", "d.okafor", "en"),
    ("佐藤 花子", "hanako.sato", "ja"),
    ("Jörg Schäfer", "joerg.schaefer", "de"),
    ("अनन्या शर्मा", "ananya.sharma", "hi"),
    ("Emily Watson", "emily.watson", "en"),
    ("Zoë van der Meer", "zoe.vdmeer", "nl"),
    ("Sabine Müller", "sabine.mueller", "de"),
    ("Łukasz Wiśniewski", "l.wisniewski", "pl"),
    ("James Park", "james.park", "en"),
    ("Nguyễn Thị Hương", "huong.nguyen", "vi"),
    ("Sabrina Müller", "sabrina.mueller", "de"),
    ("José Ángel Núñez", "ja.nunez", "es"),
    ("Grace Mbeki", "grace.mbeki", "en"),
    ("Олена Шевченко", "olena.shevchenko", "uk"),
    ("Til Brandt", "til.brandt", "de"),
    ("김민수", "minsu.kim", "ko"),
    ("Sarah Cheng", "sarah.cheng", "en"),
    ("Çağla Yıldız", "cagla.yildiz", "tr"),
    ("Heike Baumgärtner", "h.baumgaertner", "de"),
    ("דנה לוי", "dana.levi", "he"),
    ("Tyrone Jackson", "tyrone.jackson", "en"),
    ("Bjørn Åkesson", "bjorn.akesson", "sv"),
    ("Friedrich Öztürk", "f.oeztuerk", "de"),
    ("ธนพร ศรีสุข", "thanaporn.s", "th"),
    ("Olivia Brown", "olivia.brown", "en"),
    ("Ștefan Țurcanu", "stefan.turcanu", "ro"),
    ("Greta Lindenbaum", "greta.l", "de"),
    ("Chloe Dubois-Martin", "chloe.dm", "fr"),
    ("Noah Williams", "noah.williams", "en"),
)
"""Name, mail box, language. Several look alike on purpose: telling them apart is the agent's daily risk."""

GREETINGS: Mapping[str, str] = {
    "ar": "مرحباً! (my English is not perfect)",
    "el": "Καλημέρα! I write in English, I hope it is fine.",
    "es": "¡Hola! Sorry for my English.",
    "fr": "Bonjour ! I write in English, it is easier.",
    "he": "שלום, is English okay?",
    "hi": "नमस्ते, I will write in English.",
    "ja": "こんにちは。Is English okay?",
    "ko": "안녕하세요, English please.",
    "nl": "Goedemiddag, English is fine for me.",
    "pl": "Dzień dobry, can we speak English?",
    "ro": "Bună ziua! English is okay.",
    "ru": "Здравствуйте! I can write in English.",
    "sv": "Hej! English works for me.",
    "th": "สวัสดีค่ะ I try in English.",
    "tr": "Merhaba, I will try in English.",
    "uk": "Добрий день! English is okay.",
    "vi": "Xin chào! I can write in English.",
    "zh": "你好！I will write in English.",
}
"""First line of customers whose own language the scenarios do not speak; they go on in English."""

_ITEMS: tuple[tuple[str, str, int], ...] = (
    ("Aurora desk lamp", "Schreibtischlampe Aurora", 5990),
    ("Noise-cancelling headphones QX-2", "Kopfhörer QX-2", 24900),
    ("Trail running shoes, 42", "Laufschuhe Trail, Gr. 42", 11950),
    ("Espresso machine Piccola", "Espressomaschine Piccola", 38900),
    ("Wool blanket, petrol", "Wolldecke, petrol", 8450),
    ("Mechanical keyboard K65", "Mechanische Tastatur K65", 12900),
    ("Child car seat Orbit", "Kindersitz Orbit", 27900),
    ("Rain jacket Fjord, M", "Regenjacke Fjord, M", 14990),
    ("Robot vacuum S4", "Saugroboter S4", 31900),
    ("Set of 6 wine glasses", "6 Weingläser", 3990),
)
_PLANS = ("Free", "Basic", "Plus", "Plus", "Pro", "Business")
_COMPANIES = ("", "", "", "Nordwind GmbH", "Harbour Light Ltd", "Studio Kiesel", "Okafor & Sons")
_SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "en": ("Where is my parcel?", "Change of e-mail address", "Invoice for March", "Cannot sign in", "Return label"),
    "de": (
        "Wo ist mein Paket?",
        "Neue E-Mail-Adresse",
        "Rechnung für März",
        "Anmeldung geht nicht",
        "Rücksendeetikett",
    ),
}
_DIALLING: Mapping[str, str] = {"de": "+49 151", "fr": "+33 6", "en": "+44 7700", "el": "+30 69", "pl": "+48 60"}


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with the order that they will write about."""

    customer: Customer
    order: Mapping[str, str]
    speaks: str
    """The language of the scenario's texts for them: `en` or `de`."""

    def values(self) -> dict[str, str]:
        """Return what stands in the place of `{order.id}`, `{customer.first_name}` and the like."""
        customer = self.customer
        return {
            **{f"order.{key}": value for key, value in self.order.items()},
            "customer.name": customer.name,
            "customer.first_name": customer.name.split()[0],
            "customer.email": customer.email,
            "customer.phone": customer.phone,
            "customer.plan": customer.plan,
            "agent.first_name": ME.name.split()[0],
        }


class Cast:
    """Hands out customers one after the other, the same ones for the same seed."""

    def __init__(self, rng: random.Random, now: float) -> None:
        self._random = rng
        self._now = now
        # The first two are the same in every run of the demo, so that the manual can show them.
        self._names = list(NAMES[2:])
        rng.shuffle(self._names)
        self._names = [*NAMES[:2], *self._names]
        self._handed_out = 0

    def next(self, order: Mapping[str, str] | None = None) -> Person:
        """Return the next customer; `order` overrides fields of their order."""
        name, box, language = self._names[self._handed_out % len(self._names)]
        self._handed_out += 1
        rng = random.Random(f"{self._random.random()}")
        speaks = "de" if language == "de" else "en"
        since = self._now - rng.uniform(20, 2200) * 86_400
        earlier = tuple(
            EarlierConversation(
                id=f"past-{self._handed_out}-{n}",
                subject=rng.choice(_SUBJECTS[speaks]),
                status=rng.choice(("solved", "solved", "closed")),
                at=rng.uniform(since, self._now - 86_400),
            )
            for n in range(rng.choice((0, 0, 1, 2, 4)))
        )
        customer = Customer(
            id=f"cust-{self._handed_out:04d}",
            name=name,
            email=f"{box}@{rng.choice(('mail', 'post', 'inbox'))}.example",
            phone=f"{_DIALLING.get(language, '+44 7700')} {rng.randrange(900_000, 999_999)}",
            language=language,
            plan=rng.choice(_PLANS),
            company=rng.choice(_COMPANIES),
            since=since,
            attributes={
                "orders": str(rng.randrange(1, 40)),
                "newsletter": rng.choice(("yes", "no")),
                "country": {"de": "Germany", "en": "United Kingdom", "fr": "France"}.get(language, "other"),
            },
            earlier=tuple(sorted(earlier, key=lambda past: -past.at)),
        )
        return Person(customer, self._order(rng, speaks, order or {}), speaks)

    def _order(self, rng: random.Random, speaks: str, fixed: Mapping[str, str]) -> Mapping[str, str]:
        english, german, cents = rng.choice(_ITEMS)
        total = f"{cents // 100}.{cents % 100:02d}"
        ordered = datetime.fromtimestamp(self._now - rng.randrange(2, 15) * 86_400, UTC)
        order = {
            "id": f"A-{rng.randrange(10_000, 99_999)}",
            "item": german if speaks == "de" else english,
            "total": total.replace(".", ",") + " €" if speaks == "de" else f"€{total}",
            "status": rng.choice(("shipped", "delivered", "processing")),
            "tracking": f"00340434{rng.randrange(10**11, 10**12)}",
            "date": ordered.strftime("%d.%m.%Y") if speaks == "de" else ordered.strftime("%d %b %Y"),
        }
        return {**order, **fixed}
