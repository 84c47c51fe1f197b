"""What the ranking makes of the chat and of earlier choices, and that it forgets and stays small."""

from hypothesis import given
from hypothesis import strategies as st

from paradesk.canned import Library, Ranking, Response
from paradesk.canned.habits import Habits
from paradesk.canned.moment import Moment
from paradesk.canned.ranking import WEIGHED, weights_at
from paradesk.canned.reactions import Reaction, reaction
from paradesk.canned.weights import LEVELS, OPEN, TYPED

LIBRARY = Library(
    Response(id=item, title=title, body={"en": body}, tags={"topic": item.partition(".")[0]})
    for item, title, body in (
        ("bank.ask_name", "Ask for the name", "May I have your full name, please?"),
        ("bank.ask_pin", "Ask for the PIN", "Could you tell me your PIN, please?"),
        ("bank.balance", "Balance", "Your balance is {{ ask.balance }}."),
        ("trip.ask_name", "Ask for the name", "May I have your full name, please?"),
        ("trip.route", "Route", "Turn left after {{ ask.street }}, then go straight on."),
        ("close.bye", "Goodbye", "Thank you and goodbye."),
    )
)


def first(ranking: Ranking, moment: Moment, typed: str = "") -> str:
    return ranking.rank(moment, typed).hits[0].response.id


def taught(*choices: tuple[Moment, str, str], times: int = 1) -> Ranking:
    habits = Habits()
    for _ in range(times):
        for moment, typed, response in choices:
            groups = (*moment.typed(typed, finished=True).values(), *moment.around.values())
            habits.learn([number for group in groups for number in group], response)
    return Ranking(LIBRARY, habits)


def test_the_topic_of_the_response_sent_last_decides_between_equals() -> None:
    ranking = Ranking(LIBRARY)
    assert first(ranking, Moment(used=("bank.ask_pin",), answered=True), "name") == "bank.ask_name"
    assert first(ranking, Moment(used=("trip.route",), answered=True), "name") == "trip.ask_name"


def test_words_that_no_response_has_lead_to_one_with_a_blank_for_them() -> None:
    ranking = Ranking(LIBRARY)
    assert first(ranking, Moment(used=("trip.ask_name",), answered=True), "castro street 44") == "trip.route"


def test_what_was_chosen_after_a_response_is_likely_after_it_again() -> None:
    after_name = Moment(used=("bank.ask_name",), answered=True)
    ranking = taught((after_name, "", "bank.ask_pin"), (Moment(), "", "close.bye"), times=5)
    assert first(ranking, after_name) == "bank.ask_pin"
    likely = ranking.likely(after_name)
    assert likely[0][0].id == "bank.ask_pin"
    assert likely[0][1] > 0.5
    assert sum(probability for _, probability in likely) <= 1.0 + 1e-9


def test_an_abbreviation_of_the_agents_own_is_learnt_and_its_beginning_too() -> None:
    ranking = Ranking(LIBRARY)
    assert ranking.rank(Moment(answered=True), "xkcd").hits == ()
    ranking = taught((Moment(answered=True), "xkcd", "bank.balance"), times=3)
    assert first(ranking, Moment(answered=True), "xkcd") == "bank.balance"
    assert first(ranking, Moment(answered=True), "xk") == "bank.balance"


def test_what_is_learnt_of_a_response_that_is_gone_changes_nothing() -> None:
    ranking = taught((Moment(answered=True), "name", "removed.response"), times=50)
    found = ranking.rank(Moment(answered=True), "name")
    assert {hit.response.id for hit in found.hits} == {"bank.ask_name", "trip.ask_name"}


def test_old_habits_fade_and_the_counts_stay_bounded() -> None:
    habits = Habits(most=200)
    for number in range(100):
        habits.learn([1, number + 1_000], "old")
    for number in range(300):
        habits.learn([1, number + 5_000], "new")
    assert sum(len(habits._pairs[number]) for number in habits._pairs) <= 200
    assert habits.choices == 400
    assert habits.known["new"] > habits.known["old"]
    assert habits.evidence([1_001], 2) == {}


def test_there_is_a_weight_for_each_kind_of_evidence_at_each_level() -> None:
    for table in (TYPED, OPEN):
        assert len(table) == len(LEVELS)
        assert {len(row) for row in table} == {len(WEIGHED)}
        assert all(weight >= 0 for row in table for weight in row)
    assert weights_at(0, typed=True) == TYPED[0]
    assert weights_at(10**9, typed=False) == OPEN[-1]
    between = weights_at(250, typed=True)
    assert all(min(a, b) <= w <= max(a, b) for a, b, w in zip(TYPED[1], TYPED[2], between, strict=True))


def test_of_a_thousand_matches_the_best_are_listed() -> None:
    library = Library(Response(id=f"r{number}", title=f"Refund {number}", body={"en": "x"}) for number in range(1_000))
    found = Ranking(library).rank(Moment(answered=True), "refund")
    assert found.more
    assert 100 < len(found.hits) <= 200
    assert first(Ranking(library), Moment(answered=True), "refund 77") == "r77"
    assert len(Ranking(library).rank(Moment(answered=True), "").hits) == 1_000


@given(
    st.text(max_size=30),
    st.lists(st.text(max_size=30), max_size=4),
    st.lists(st.sampled_from(["bank.ask_name", "x", ""])),
)
def test_any_moment_ranks_each_response_at_most_once_and_always_alike(
    typed: str, said: list[str], used: list[str]
) -> None:
    moment = Moment(customer=tuple(said), used=tuple(used), waiting=3.0)
    ranking = taught((moment, typed, "bank.balance"))
    ids = [hit.response.id for hit in ranking.rank(moment, typed).hits]
    assert len(set(ids)) == len(ids)
    assert ids == [hit.response.id for hit in ranking.rank(moment, typed).hits]


def test_how_a_customer_takes_a_reply() -> None:
    for text in ("Thanks a lot!", "perfekt, vielen Dank", "great, works now"):
        assert reaction(text, "where is my parcel") is Reaction.THANKS
    for text in ("thanks, but it still doesn't work", "Wie gesagt: es geht nicht", "where is my parcel?"):
        assert reaction(text, "Where is my parcel") is Reaction.REPEAT
    for text in ("my name is Ana", "", "ok"):
        assert reaction(text, "where is my parcel") is Reaction.OTHER
