"""The threads of a state: versions that share what has not changed, and never see each other's changes."""

from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.model import ConversationId
from paradesk.core.reduce import placeholder
from paradesk.core.state import Thread
from paradesk.core.threads import Threads, threads_of

IDS = [ConversationId(f"acme/{number}") for number in range(400)]


def thread(conversation_id: ConversationId, version: int) -> Thread:
    fresh = placeholder(conversation_id)
    return Thread(conversation=fresh.conversation, version=version)


@given(st.lists(st.integers(0, 399), max_size=900))
def test_it_is_what_a_dictionary_would_be(steps: list[int]) -> None:
    plain: dict[ConversationId, Thread] = {}
    threads = Threads()
    earlier: list[tuple[Threads, dict[ConversationId, Thread]]] = []
    for version, place in enumerate(steps):
        changed = thread(IDS[place], version)
        plain[IDS[place]] = changed
        threads = threads.put(IDS[place], changed)
        if version % 100 == 0:
            earlier.append((threads, dict(plain)))
    earlier.append((threads, plain))
    for found, expected in earlier:
        assert list(found) == list(expected)
        assert len(found) == len(expected)
        assert found == expected
        assert {key: found.get(key) for key in IDS} == {key: expected.get(key) for key in IDS}
        assert all((key in found) == (key in expected) for key in IDS)


@given(st.lists(st.integers(0, 399), min_size=1, max_size=600), st.integers(0, 599))
def test_candidates_miss_nothing(steps: list[int], cut: int) -> None:
    threads = Threads({key: thread(key, -1) for key in IDS[:50]})
    before = threads
    for version, place in enumerate(steps):
        if version == cut:
            before = threads
        threads = threads.put(IDS[place], thread(IDS[place], version))
    missed = set(threads) - set(threads.candidates(before))
    assert all(threads[key] is before.get(key) for key in missed)
    assert set(threads.candidates(None)) == set(threads)


def test_few_changes_are_few_candidates() -> None:
    before = Threads({key: thread(key, 0) for key in IDS})
    after = before.put(IDS[3], thread(IDS[3], 1)).put(IDS[5], thread(IDS[5], 1))
    assert set(after.candidates(before)) == {IDS[3], IDS[5]}


def test_a_plain_mapping_is_taken_over_once() -> None:
    threads = threads_of({IDS[0]: thread(IDS[0], 1)})
    assert threads_of(threads) is threads
    assert threads.put_all({IDS[1]: thread(IDS[1], 1)}).keys() == {IDS[0], IDS[1]}
    assert threads != {}
    assert threads != 3
