"""The contract suite is readable as a specification, and importing it lazily costs nothing."""

import inspect
import subprocess
import sys

import pytest

from paradesk.testing.contract import ConnectorContract

TESTS = [name for name, _ in inspect.getmembers(ConnectorContract, inspect.isfunction) if name.startswith("test_")]


@pytest.mark.parametrize("name", TESTS)
def test_docstring_is_one_sentence(name: str) -> None:
    sentence = inspect.getdoc(getattr(ConnectorContract, name)) or ""
    assert sentence.endswith(".")
    assert "\n\n" not in sentence
    assert ". " not in sentence


def test_package_needs_neither_pytest_nor_textual() -> None:
    look = "import sys, paradesk.testing; print(sorted({'pytest', 'textual'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_suite_needs_no_desk_and_no_screen() -> None:
    look = (
        "import sys, paradesk.testing.contract;"
        "print([m for m in sys.modules if m.startswith(('paradesk.desk', 'paradesk.ui', 'textual'))])"
    )
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_public_names_are_there() -> None:
    import paradesk.testing

    for name in paradesk.testing.__all__:
        if name != "ConnectorContract":
            assert getattr(paradesk.testing, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = paradesk.testing.Nothing
