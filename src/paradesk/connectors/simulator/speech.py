"""What a simulated customer understands of a reply: plain phrases in English and German, no regular expressions."""

from collections.abc import Iterable, Mapping

PHRASES: Mapping[str, tuple[str, ...]] = {
    "greeting": (
        *("hello", "hi ", "hi,", "hey", "good morning", "good afternoon", "good evening", "welcome", "dear "),
        *("hallo", "guten tag", "guten morgen", "guten abend", "willkommen", "moin", "grüß", "liebe ", "lieber "),
    ),
    "apology": (
        *("sorry", "apolog", "regret", "my mistake", "our mistake", "shouldn't have happened", "not the experience"),
        *("entschuldig", "tut mir leid", "tut uns leid", "bedauer", "verzeih", "unser fehler", "mein fehler"),
    ),
    "empathy": (
        *(
            "i understand",
            "i can see why",
            "that must be",
            "i'd be upset",
            "frustrating",
            "thank you for your patience",
        ),
        *("ich verstehe", "kann ich gut verstehen", "nachvollziehen", "ärgerlich", "danke für ihre geduld"),
    ),
    "asks_for_order_id": (
        *("order number", "order id", "order no", "your order?", "which order", "order reference"),
        *("bestellnummer", "bestell-nr", "auftragsnummer", "welche bestellung", "um welche bestellung"),
    ),
    "asks_for_email": (
        *("email address", "e-mail address", "your email", "your e-mail", "which email", "mail address"),
        *("e-mail-adresse", "emailadresse", "mailadresse", "ihre e-mail", "welche e-mail"),
    ),
    "asks_for_photo": (
        *("photo", "picture", "screenshot", "image", "snapshot"),
        *("foto", "bild", "aufnahme", "bildschirmfoto"),
    ),
    "asks_for_address": (
        *("new address", "correct address", "delivery address", "shipping address", "full address", "which address"),
        *("neue adresse", "richtige adresse", "lieferadresse", "vollständige adresse", "anschrift", "welche adresse"),
    ),
    "asks_for_details": (
        *("could you tell me", "can you tell me", "more details", "what exactly", "which browser", "which device"),
        *("error message", "what happens", "when did", "what do you see", "could you describe", "more information"),
        *("können sie mir sagen", "genauer", "was genau", "welchen browser", "welches gerät", "fehlermeldung"),
        *("one more thing from you", "is it still there", "what would you like", "what can i help", "how can i help"),
        *("fehlt mir noch", "wie kann ich ihnen helfen", "wobei kann ich", "noch da, wenn"),
        *("was passiert", "seit wann", "was sehen sie", "beschreiben", "nähere angaben", "mehr informationen"),
    ),
    "asks_to_confirm_identity": (
        *(
            "date of birth",
            "verify your identity",
            "confirm your identity",
            "verify that it is you",
            "last four digits",
        ),
        *("be sure that it's you", "be sure that it is you", "prove that it's you"),
        *("sicher sein, dass sie es sind", "nachweisen, dass sie es sind"),
        *("geburtsdatum", "identität", "bestätigen sie bitte, dass", "letzten vier ziffern"),
    ),
    "looking_into_it": (
        *("look into", "looking into", "let me check", "i'll check", "i will check", "i'm checking", "one moment"),
        *("a moment", "just a second", "bear with me", "investigat", "let me see", "checking this", "look that up"),
        *("working on", "taking over", "i've passed on", "have passed it on", "let's find out", "take me about"),
        *("haven't forgotten you", "until this is settled", "taking care of"),
        *(
            "bin weiter dran",
            "das klären wir",
            "das kläre ich",
            "ich übernehme",
            "dafür brauche ich etwa",
            "weitergegeben",
        ),
        *("bis das geklärt", "nicht vergessen"),
        *("ich prüfe", "ich schaue", "ich sehe nach", "schaue nach", "einen moment", "einen augenblick", "kurz prüfen"),
        *("nachsehen", "ich kümmere mich", "wir prüfen", "nachforschung"),
    ),
    "refund_promised": (
        *("refund", "money back", "reimburse", "credited back", "credit the amount"),
        *("erstatt", "geld zurück", "gutgeschrieben", "rückzahlung", "zurücküberwiesen"),
    ),
    "replacement_promised": (
        *("replacement", "new one", "send you another", "exchange", "resend", "send it again", "ship again"),
        *("swap", "in the other size", "ersatz", "neues gerät", "umtausch", "tausche", "tauschen wir", "austausch"),
        *(
            "noch einmal zu",
            "noch einmal los",
            "erneut zusenden",
            "erneut zuschicken",
            "neu zusenden",
            "neu zuschicken",
        ),
    ),
    "label_promised": (
        *("return label", "shipping label", "prepaid label", "return it free"),
        *("label is", "the label", "qr code", "das etikett", "qr-code"),
        *("rücksendeetikett", "retourenetikett", "retourenlabel", "retourenschein", "kostenlos zurücksenden"),
    ),
    "voucher_offered": (
        *("voucher", "discount", "coupon", "% off", "goodwill", "free of charge"),
        *("gutschein", "rabatt", "kulanz", "kostenlos", "kostenfrei"),
    ),
    "password_reset": (
        *("reset link", "password reset", "reset your password", "new password", "forgot password"),
        *("passwort zurück", "zurücksetzen", "neues passwort", "passwort vergessen"),
    ),
    "code_help": (
        *("backup code", "recovery code", "authenticator", "two-factor", "2fa", "one-time code", "sync the time"),
        *("ersatzcode", "wiederherstellungscode", "authentifizierung", "zwei-faktor", "einmalcode", "uhrzeit"),
    ),
    "reset_done": (
        *("i have reset", "i've reset", "i have switched off", "i've switched off", "removed the second factor"),
        *("i have disabled", "i've disabled", "turned off"),
        *("habe ich zurückgesetzt", "habe zurückgesetzt", "habe ich abgeschaltet", "deaktiviert", "ausgeschaltet"),
    ),
    "known_outage": (
        *("outage", "incident", "we are working on", "status page", "disruption", "our engineers", "known issue"),
        *("problem on our side", "technicians are working", "maintenance", "problem bei uns", "wartung"),
        *("störung", "ausfall", "arbeiten daran", "statusseite", "unsere techniker", "bekanntes problem"),
    ),
    "fixed": (
        *("fixed", "back up", "resolved", "works again", "is solved", "restored", "should work now"),
        *("behoben", "wieder erreichbar", "gelöst", "funktioniert wieder", "wiederhergestellt", "sollte jetzt"),
    ),
    "cancellation_confirmed": (
        *("cancelled", "canceled", "cancellation is confirmed", "have cancelled", "ends on", "won't be renewed"),
        *("gekündigt", "storniert", "kündigung bestätigt", "kündigung ist", "endet am", "nicht verlängert"),
        *("would then end on", "will end on", "endet dann", "würde dann am"),
    ),
    "asks_for_reason": (
        *("may i ask why", "why would you like", "what is the reason", "the reason", "what made you"),
        *("darf ich fragen, warum", "aus welchem grund", "der grund", "den grund", "warum möchten"),
    ),
    "deletion_confirmed": (
        *("have deleted", "will be deleted", "deletion request", "will delete", "erase", "within 30 days"),
        *("deletion is under way", "deleting your data", "werden wir löschen"),
        *("gelöscht", "löschung", "löschen wir", "innerhalb von 30 tagen", "binnen 30 tagen"),
    ),
    "invoice_sent": (
        *("attached", "attach", "invoice is", "sent the invoice", "copy of your invoice", "find the invoice"),
        *("i've sent the invoice", "i have sent the invoice", "reissue the invoice", "reissued the invoice"),
        *("angehängt", "im anhang", "anbei", "die rechnung zur", "rechnung geschickt", "rechnungskopie"),
        *("rechnung finden", "rechnung neu", "neue rechnung"),
    ),
    "address_changed": (
        *("changed the address", "updated the address", "address is updated", "address has been", "new address is"),
        *("now goes to", "will now go to", "geht jetzt an", "geht nun an"),
        *("adresse geändert", "adresse aktualisiert", "adresse ist", "anschrift geändert", "umgeleitet"),
    ),
    "tracking": (
        *("tracking", "carrier", "courier", "delivery", "shipment", "in transit", "parcel is on its way"),
        *("sendung", "paketdienst", "zustell", "paket ist unterwegs", "liefertermin", "lieferung"),
    ),
    "price_told": (
        *("per month", "per seat", "€", "eur", "$", "price", "quote", "offer"),
        *("pro monat", "je platz", "preis", "angebot", "euro"),
    ),
    "how_to": (
        *("click", "settings", "open the", "go to", "press", "follow these", "step", "select"),
        *("klicken", "einstellungen", "öffnen sie", "gehen sie", "drücken", "schritt", "wählen sie"),
    ),
    "escalation": (
        *("supervisor", "my manager", "team lead", "escalat", "specialist", "hand you over", "colleague"),
        *("is the right place", "passing the chat on", "have someone call", "call you back", "letting"),
        *("ist hier richtig", "übergebe", "gebe den chat", "rückruf", "zuständig"),
        *("vorgesetzt", "teamleit", "eskal", "spezialist", "kollegin", "kollege", "weiterleiten", "fachabteilung"),
    ),
    "refusal": (
        *(
            "unfortunately",
            "i'm afraid",
            "i cannot",
            "we cannot",
            "i can't",
            "we can't",
            "not possible",
            "isn't possible",
        ),
        *("unable to", "not able to", "against our policy", "nicht mehr möglich"),
        *("leider", "nicht möglich", "kann ich nicht", "können wir nicht", "geht nicht", "richtlinie"),
    ),
    "closing": (
        *("anything else", "is there more", "happy to help", "any other question", "further question"),
        *("sonst noch", "weitere fragen", "noch etwas", "weiterhelfen", "gern geschehen", "gerne geschehen"),
    ),
    "goodbye": (
        *("goodbye", "have a nice", "have a great", "have a good", "take care", "all the best", "bye", "kind regards"),
        *(
            "auf wiedersehen",
            "schönen tag",
            "schönen abend",
            "alles gute",
            "tschüss",
            "machen sie's gut",
            "schönes woch",
        ),
    ),
    "thanks": ("thank you", "thanks", "danke", "vielen dank"),
    "link": ("http://", "https://"),
    "question": ("?",),
}
"""What a reply can be understood as, and the phrases (lower case) that show it."""

EVENTS = (
    "reply",
    "file",
    "joined",
    "kept_waiting",
    "status:open",
    "status:pending",
    "status:on_hold",
    "status:solved",
    "status:closed",
)
"""Triggers that are not about the words of a reply."""


def understand(text: str) -> set[str]:
    """Return everything that a reply can be understood as."""
    said = plain(text)
    return {name for name, phrases in PHRASES.items() if any(_begins_a_word(said, phrase) for phrase in phrases)}


def contains(text: str, phrases: Iterable[str]) -> bool:
    """Tell whether one of the phrases occurs in a text, whatever the case, spaces and kind of apostrophe."""
    said = plain(text)
    return any(_begins_a_word(said, plain(phrase).strip()) for phrase in phrases)


def plain(text: str) -> str:
    """Return a text in lower case with single spaces and straight apostrophes, with a space at its end."""
    return " ".join(text.lower().replace("’", "'").split()) + " "


def _begins_a_word(said: str, phrase: str) -> bool:
    place = said.find(phrase)
    while place > 0 and phrase[:1].isalnum() and said[place - 1].isalnum():
        place = said.find(phrase, place + 1)
    return place >= 0
