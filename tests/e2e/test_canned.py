"""Canned responses in the whole program: written in a terminal, used at once, edited, proposed, and read from a shell."""

import tomllib

import pytest

from tests.e2e.conftest import Places, Start
from tests.e2e.reading import panes
from tests.e2e.terminal import needs_tmux

pytestmark = [pytest.mark.e2e, needs_tmux]


def test_a_response_is_written_used_changed_and_proposed(start: Start, places: Places) -> None:
    own = places.config / "canned_responses" / "mine.toml"
    terminal = start("demo", "--seed", "1", size=(120, 40))
    terminal.wait(lambda seen: "active: 1 Sarah Chen" in seen, what="a chat")

    terminal.press("C-x", "F2")
    terminal.wait_text("New canned response", "still needs")
    terminal.type("Parcel trace begun")
    terminal.press(*["Tab"] * 5)
    terminal.type("parcel, trace")
    terminal.press("Tab")
    terminal.type("Hi {{ customer.first_nam }},")
    terminal.wait_text("unknown placeholder", "Did you mean `customer.first_name`?")
    terminal.press(*["Left"] * 4)
    terminal.type("e")
    terminal.press("End", "Enter")
    terminal.type("I have asked the carrier.")
    terminal.wait_text("for SARAH CHEN", "Hi Sarah,", "parcel_trace_begun")
    terminal.press("F2")
    terminal.wait(lambda seen: "New canned response" not in seen and "is saved in" in seen, what="saved")
    [entry] = tomllib.loads(own.read_text())["response"]
    assert entry["labels"] == ["parcel", "trace"]

    terminal.press("F2")
    terminal.wait_text("Canned responses")
    terminal.type("trace begun")
    terminal.wait_text("▶ Parcel trace begun", "Hi Sarah,")
    terminal.press("F6")
    terminal.wait_text("Edit parcel_trace_begun")
    terminal.press(*["Tab"] * 6, "C-End")
    terminal.type(" Thanks!")
    terminal.wait_text("carrier. Thanks!")
    # What somebody notes in the file meanwhile stays.
    own.write_text(own.read_text() + "\n# a note of mine\n")
    terminal.press("F2")
    terminal.wait(lambda seen: "Edit parcel" not in seen, what="saved again")
    assert own.read_text().endswith("\n# a note of mine\n")

    terminal.press("F2")
    terminal.wait_text("Canned responses")
    terminal.type("trace begun")
    terminal.wait_text("▶ Parcel trace begun", "Thanks!")
    terminal.press("Enter")
    terminal.wait(lambda seen: "Thanks!" in panes(seen)[1].words.partition("▶ to")[2], what="it in the composer")

    terminal.press("F2")
    terminal.wait_text("Canned responses")
    terminal.type("invs")
    terminal.wait_text("▶ Invoice sent")
    terminal.press("F7")
    terminal.wait_text("Propose a change of billing.invoice_sent")
    terminal.press(*["Tab"] * 6, "C-End")
    terminal.type(" Promised.")
    terminal.press("F7")
    terminal.wait(lambda seen: "Proposal written to" in seen, what="where the proposal is")
    terminal.press("C-q")
    terminal.wait_text("[ended 0]")

    [folder] = (places.config / "proposals").iterdir()
    patch = (folder / "billing.invoice_sent.patch").read_text()
    assert "--- a/billing/billing.toml" in patch
    assert [line for line in patch.splitlines() if line.startswith("+") and "Promised." in line]

    (places.home / "sarah.toml").write_text('[customer]\nname = "Sarah Chen"\n')
    rendered = places.run("canned", "render", "parcel_trace_begun", "--conversation", "sarah.toml")
    assert (rendered.returncode, rendered.stdout) == (0, "Hi Sarah,\nI have asked the carrier. Thanks!\n")
    assert "parcel_trace_begun" in places.run("canned", "list", "--tag", "trace").stdout
