"""Files of other tools: what comes out of them fills in as the tool itself would have filled it in."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.canned.exchange_tools import CONTEXT, TOOLS, livehelperchat

from paradesk.canned import Response, fill
from paradesk.canned.exchange import FORMATS, FollowUp, Imported, PortableResponse, read
from paradesk.core.slots import find_slots

PUBLISHED = Path(__file__).parent / "published"


def published(name: str) -> Any:
    return json.loads((PUBLISHED / name).read_text(encoding="utf-8"))


def taken(name: str, expected: str) -> Imported:
    chosen, imported = read((PUBLISHED / name).read_bytes())
    assert chosen.name == expected, f"recognised as {chosen.name}"
    return imported


def by_id(imported: Imported) -> dict[str, PortableResponse]:
    return {response.id: response for response in imported.responses}


def filled(response: PortableResponse, language: str = "en", context: Mapping[str, object] = CONTEXT) -> str:
    return fill(Response(id=response.id, title=response.title, body=response.bodies), context, language).text


def left_out(imported: Imported) -> dict[str, str]:
    return {remark.place: remark.message for remark in imported.remarks if remark.level == "left-out"}


def told(imported: Imported, code: str) -> list[str]:
    return [f"{remark.place} {remark.message}" for remark in imported.remarks if remark.code == code]


def text_of(record: Mapping[str, Any], *path: str | int) -> str:
    found: Any = record
    for part in path:
        found = found[part]
    assert isinstance(found, str)
    return found


class TestZendesk:
    FILE = "zendesk_macros.json"

    def test_texts_fill_in_as_there(self) -> None:
        imported = by_id(taken(self.FILE, "zendesk"))
        macros = {macro["id"]: macro for macro in published(self.FILE)["macros"]}
        same = TOOLS["zendesk"]
        assert filled(imported["billing.refund.approved"]) == same(macros[1]["actions"][6]["value"][1])
        assert filled(imported["greeting"]) == same(macros[2]["actions"][0]["value"])
        assert filled(imported["braces"]) == (
            macros[4]["actions"][0]["value"].replace("{{ticket.requester.last_name}}", "Müller")
        )
        assert filled(imported["two-channels"]) == same(macros[5]["actions"][1]["value"][1])
        assert filled(imported["greeting-12"]) == "A second greeting"

    def test_html_becomes_text(self) -> None:
        imported = taken(self.FILE, "zendesk")
        assert filled(by_id(imported)["rich-text"]) == (
            "Hello Anna & welcome,\n\n- one\n- see our help (https://acme.example/help)\n\n1. first\n2. second\n\nBye\nAcme"
        )
        assert any("<script>" in line for line in told(imported, "html"))
        assert any("Logo" in line for line in told(imported, "html"))

    def test_a_fallback_stays_one(self) -> None:
        greeting = by_id(taken(self.FILE, "zendesk"))["greeting"]
        assert filled(greeting, context={}) == "Hello ⟦customer.name⟧, this is the team for ⟦assignee.name⟧."

    def test_folders_and_what_is_done_afterwards(self) -> None:
        imported = taken(self.FILE, "zendesk")
        macro = by_id(imported)["billing.refund.approved"]
        assert (macro.title, macro.folder) == ("Approved", ("Billing", "Refund"))
        assert macro.source == "https://acme.zendesk.com/api/v2/macros/1.json"
        assert macro.follow_ups == (
            FollowUp("status", "pending"),
            FollowUp("priority", "high"),
            FollowUp("add_tag", "refund vip"),
            FollowUp("remove_tag", "waiting"),
        )
        assert [line.split(": ")[0] for line in told(imported, "action")] == [
            "macros[0].actions[4] the action `assignee_id` (current_user) is left away",
            "macros[0].actions[5] the action `custom_fields_360001` (approved) is left away",
        ]
        assert len(told(imported, "restriction")) == 1
        assert len(told(imported, "other-channel")) == 1

    def test_what_is_unknown_is_a_blank_and_listed(self) -> None:
        imported = taken(self.FILE, "zendesk")
        text = filled(by_id(imported)["unknown"])
        assert text == "About ⟦ticket.brand.name⟧ and ⟦dc.welcome⟧ and ⟦ticket.created at⟧"
        assert len(told(imported, "unknown-placeholder")) == 2
        assert len(told(imported, "unknown-filter")) == 1

    def test_what_cannot_be_a_reply_is_left_out_by_name(self) -> None:
        assert {
            place: message.split("`")[-1][:40] for place, message in left_out(taken(self.FILE, "zendesk")).items()
        } == {
            "macros[6]": ": its text is an internal note",
            "macros[7]": ": it has actions, but no text for the cu",
            "macros[8]": " is inactive",
            "macros[9].actions[0].value": "; only conditions (if, unless) can come ",
            "macros[10].actions[0].value": "left out: it is a WhatsApp template, whi",
        }

    @pytest.mark.parametrize(
        "text",
        [
            "a {%- if ticket.requester.name -%} b {%- endif -%} c",
            "a {{- ticket.requester.name -}} b",
            "a \n{%- unless ticket.requester.name %} no {% endunless -%}\n b",
            "{% if ticket.requester.name contains 'Anna' and ticket.id == '1245' %}x{% elsif ticket.title %}y{% endif %}",
            "{{ticket.requester.name|downcase|capitalize}} {{ ticket.requester.email | upcase }}",
            '{{ ticket.requester.name | default: "x" }}{{ ticket.requester.name | default: \'it "is"\' }}',
        ],
    )
    def test_liquid_means_what_liquid_means(self, text: str) -> None:
        macro = {"title": "x", "actions": [{"field": "comment_value", "value": text}]}
        (response,) = read(json.dumps([macro]).encode())[1].responses
        assert filled(response) == TOOLS["zendesk"](text)

    def test_hidden_characters_are_replaced_and_listed(self) -> None:
        macro = {"title": "x", "actions": [{"field": "comment_value", "value": "a\u202eb \u27e6order\u27e7"}]}
        _, imported = read(json.dumps([macro]).encode())
        assert filled(imported.responses[0]) == "a␦b [order]"
        assert len(told(imported, "cleaned")) == 1


class TestChatwoot:
    def test_texts_fill_in_as_there(self) -> None:
        imported = by_id(taken("chatwoot_canned_responses.json", "chatwoot"))
        records = {record["short_code"]: record["content"] for record in published("chatwoot_canned_responses.json")}
        for code in ("refund", "order_status"):
            assert filled(imported[code]) == TOOLS["chatwoot"](records[code])
            assert imported[code].shortcut == code
        assert filled(imported["refund"], context={}).startswith("Hi there, ⟦customer.name⟧!")

    def test_the_rest_is_listed(self) -> None:
        imported = taken("chatwoot_canned_responses.json", "chatwoot")
        assert filled(by_id(imported)["unknown"]) == "Call ⟦account.phone⟧"
        assert [line.split()[0] for line in told(imported, "unknown-placeholder")] == ["[2].content"]
        assert list(left_out(imported)) == ["[3].content"]

    def test_macros(self) -> None:
        imported = taken("chatwoot_macros.json", "chatwoot-macros")
        macro = by_id(imported)["close-politely"]
        source = published("chatwoot_macros.json")["payload"][0]["actions"][0]["action_params"][0]
        assert filled(macro) == TOOLS["chatwoot-macros"](source)
        assert macro.attachments == ("terms.pdf",)
        assert macro.follow_ups == (
            FollowUp("add_tag", "done happy"),
            FollowUp("remove_tag", "waiting"),
            FollowUp("priority", "normal"),
            FollowUp("status", "solved"),
        )
        assert filled(by_id(imported)["two-messages"]) == "One\n\nTwo"
        assert list(left_out(imported)) == ["payload[2]"]
        assert len(told(imported, "refused")) == 1
        assert len(told(imported, "action")) == 3
        everything = " ".join(map(str, imported.responses)) + " ".join(map(str, imported.remarks))
        assert "secret note" not in everything


def test_intercom() -> None:
    imported = taken("intercom_macros.json", "intercom")
    found = by_id(imported)
    macros = published("intercom_macros.json")["data"]
    same = TOOLS["intercom"]
    assert filled(found["order-status-update"]) == same(macros[0]["body_text"])
    assert filled(found["order-status-update"], context={}) == "Hi there, your order is ready!"
    assert filled(found["from-html"]) == "Hello Anna,\n\nMia here. Seats: 5 at Bäckerei Müller."
    assert filled(found["quoted-fallback"]) == same(macros[2]["body_text"])
    assert filled(found["quoted-fallback"], context={}) == 'Hi you "there"!'
    assert found["from-html"].follow_ups == (FollowUp("status", "solved"),)
    assert len(told(imported, "refused")) == len(told(imported, "action")) == len(told(imported, "restriction")) == 1


def test_livechat() -> None:
    imported = taken("livechat_canned_responses.json", "livechat")
    found = by_id(imported)
    records = published("livechat_canned_responses.json")
    assert filled(found["hello"]) == TOOLS["livechat"](records[0]["text"])
    assert (found["hello"].shortcut, found["hello"].labels) == ("hello", ("welcome",))
    assert filled(found["discount"]) == "A discount of 50% is ⟦offer⟧"
    assert found["no-tag-at-all"].title == "No tag at all"
    assert len(told(imported, "unconfirmed-placeholder")) == 2
    table = taken("livechat_canned_responses.csv", "livechat")
    assert filled(by_id(table)["hello"]) == 'Hello Anna Müller, "quoted"'


def test_rocketchat() -> None:
    imported = taken("rocketchat_canned_responses.json", "rocketchat")
    found = by_id(imported)
    records = published("rocketchat_canned_responses.json")["cannedResponses"]
    for record in records[:2]:
        assert filled(found[record["shortcut"]]) == TOOLS["rocketchat"](record["text"])
    assert found["refund"].labels == ("money", "refund")
    assert filled(found["dept"]) == "Unknown ⟦visitor.name⟧"
    assert len(told(imported, "restriction")) == 2
    table = by_id(taken("rocketchat_canned_responses.csv", "rocketchat"))
    assert filled(table["refund"]) == "Hi Anna Müller,\nall done"


def test_live_helper_chat() -> None:
    name = "livehelperchat_canned.csv"
    imported = taken(name, "livehelperchat")
    found = by_id(imported)
    with (PUBLISHED / name).open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    hello = found["hello"]
    german = json.loads(rows["1"]["languages"])[0]["message"]
    assert filled(hello) == livehelperchat(rows["1"]["msg"])
    assert filled(hello, "de") == filled(hello, "de-AT") == livehelperchat(german)
    assert filled(hello, "lt") == "Labas Anna Müller"
    assert filled(hello, "lt", {}) == "Labas"
    assert hello.labels == ("hello", "greeting")
    shop = found["orders.shop"]
    assert filled(shop) == livehelperchat(rows["2"]["msg"], rows["2"]["fallback_msg"])
    assert filled(shop, context={}) == "Which shop is it?"
    assert filled(found["timed"]) == "Merry {not a name} Christmas ⟦args.chat.referrer⟧"
    assert len(told(imported, "field")) == 7
    assert [message.split("`")[-2] for message in left_out(imported).values()] == ["!close", "Off"]


def test_gorgias() -> None:
    imported = taken("gorgias_macros.json", "gorgias")
    found = by_id(imported)
    macro = found["order-status-inquiry"]
    source = published("gorgias_macros.json")["data"][0]["actions"][1]["arguments"]["body_text"]
    assert filled(macro) == TOOLS["gorgias"](source)
    assert macro.follow_ups == (FollowUp("add_tag", "question order-status"), FollowUp("status", "closed"))
    assert (macro.attachments, macro.labels) == (("guide.pdf",), ("shipping/status",))
    assert found["only-html"].bodies.keys() == {"de"}
    assert filled(found["only-html"], "de") == "Hallo Anna Müller,\n\nbis bald"
    assert find_slots(filled(found["shop-data"]))
    assert len(told(imported, "refused")) == len(told(imported, "action")) == len(told(imported, "note")) == 1
    assert "secret note" not in " ".join(map(str, imported.responses)) + " ".join(map(str, imported.remarks))


def test_help_scout_and_freescout() -> None:
    imported = taken("helpscout_saved_replies.json", "helpscout")
    found = by_id(imported)
    replies = published("helpscout_saved_replies.json")
    assert filled(found["visiting-us-in-person"]) == TOOLS["helpscout"](replies[0]["chatText"])
    assert filled(found["visiting-us-in-person"], context={}).startswith("Hi there,")
    assert filled(found["only-e-mail"]) == "Dear Anna Müller,\nre: My parcel\n\n- a\n- b"
    assert filled(found["unknown"]) == "⟦mailbox.email⟧ and ⟦customer.shoeSize⟧"
    assert list(left_out(imported)) == ["[2]"]
    table = by_id(taken("freescout_saved_replies.csv", "helpscout"))
    assert filled(table["hello"]) == "Hello Anna,\n\nall fine"


def test_espanso() -> None:
    imported = taken("espanso_package.yml", "espanso")
    found = by_id(imported)
    assert filled(found["refund-approved"]) == "Your refund from Acme is on its way: {{no variable}}."
    assert found["refund-approved"].tags == {"topic": "refunds"}
    assert (found["refund-approved"].shortcut, found["refund-approved"].labels) == ("refund", ("money back",))
    assert filled(found["hi"]) == "Hello!\nHow can I help?"
    assert found["hi"].labels == ("hello",)
    assert filled(found["sig"]) == "Hello!\nHow can I help?\n Bye, ⟦who⟧"
    assert filled(found["no"]) == "no", "a bare word is no truth value"
    assert filled(found["html"]) == "Some bold text"
    assert told(imported, "choice") == ["line 18 `who` became a blank; its choices were: Mia, Jonas"]
    refused = list(left_out(imported).values())
    for word in ("shell", "script", "form", "clipboard", "random", "date", "regex", "image_path"):
        assert any(f"`{word}`" in message for message in refused), word
    assert any("in a circle" in message for message in refused)
    assert len(refused) == 10
    assert any("other files" in line for line in told(imported, "field"))


def test_plain_csv() -> None:
    imported = taken("plain.csv", "csv")
    found = by_id(imported)
    refund = found["billing.refunds.refund-approved"]
    assert filled(refund) == 'Hi Anna,\nyour refund is "on its way".'
    assert filled(refund, "de") == "Guten Tag Müller, unterwegs."
    assert (refund.shortcut, refund.labels) == ("rfa", ("money back",))
    assert refund.tags == {"topic": "refunds", "urgency": "high"}
    assert filled(found["other-tool"]) == "Hi Anna, %{customer.name}"
    assert filled(found["formula"]) == "=1+1 is two"
    assert len(told(imported, "looks-like-placeholder")) == 1
    assert told(imported, "field") == ["line 1 these columns are left away: Remark"]


@pytest.mark.parametrize("name", sorted(path.name for path in PUBLISHED.iterdir() if path.suffix != ".md"))
def test_a_second_import_gives_the_same(name: str) -> None:
    content = (PUBLISHED / name).read_bytes()
    assert read(content) == read(content)
    chosen, imported = read(content)
    assert imported == read(content, chosen.name)[1], "naming the format changes nothing"
    assert len({response.id for response in imported.responses}) == len(imported.responses)


def test_every_format_has_a_published_file() -> None:
    assert {read(path.read_bytes())[0].name for path in PUBLISHED.iterdir() if path.suffix != ".md"} == FORMATS.keys()
