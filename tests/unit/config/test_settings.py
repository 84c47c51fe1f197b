"""Settings: where each value came from, and what is said when one is wrong."""

from pathlib import Path

import pytest

from paradesk.config.errors import ConfigError
from paradesk.config.keymaps import find_keymap, load_keymaps
from paradesk.config.settings import OPTIONS, Settings, load_settings
from paradesk.guard.verdict import Check, GuardSettings, Late
from paradesk.keymap.findings import KeymapError
from paradesk.keymap.keymap import Layer


def load(tmp_path: Path, text: str, **environment: str) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load_settings(path, environment)


def problems(tmp_path: Path, text: str, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, **environment)
    return [str(problem).replace(str(tmp_path), "") for problem in caught.value.problems]


def test_without_a_file_all_is_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "config.toml", {})
    assert set(settings.origins.values()) == {"default"}
    assert (settings.response_target, settings.keymap, settings.theme) == (45, "default", "paradesk-dark")
    assert set(settings.origins) == {option.name for option in OPTIONS}


def test_each_value_knows_where_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "light"\nkeymap = "default"\n[notifications]\nbell = false\n')
    environment = {"PARADESK_KEYMAP": "zendesk", "PARADESK_NOTIFICATIONS_OS": "off", "PARADESK_CANNED": "/a:/b"}
    settings = load_settings(path, environment, {"theme": "contrast", "keymap": None})
    assert settings.theme == "paradesk-contrast"
    assert settings.keymap == "zendesk"
    assert not settings.bell
    assert not settings.system_notifications
    assert settings.canned == (Path("/a"), Path("/b"))
    assert settings.origins["theme"] == "command line"
    assert settings.origins["keymap"] == "PARADESK_KEYMAP"
    assert settings.origins["notifications.bell"] == f"{path}:4"
    assert settings.origins["notifications.os"] == "PARADESK_NOTIFICATIONS_OS"
    assert settings.origins["hotlist"] == "default"


def test_the_guard_is_told_what_the_policy_says(tmp_path: Path) -> None:
    assert Settings().guard == GuardSettings()
    settings = load(
        tmp_path,
        '[guard]\noff = ["repeat", "late", "repeat"]\nsensitivity = 1\nhold = 2.5\nlate = "always"\n'
        'internal_links = ["Wiki.example.com", "jira"]\n',
        PARADESK_GUARD_OFF="fit, leak",
        PARADESK_GUARD_HOLD="0",
    )
    assert settings.guard_off == (Check.FIT, Check.LEAK)
    assert settings.guard == GuardSettings(
        checks=frozenset(Check) - {Check.FIT, Check.LEAK},
        sensitivity=1.0,
        hold=0.0,
        late=Late.ALWAYS,
        internal_links=("wiki.example.com", "jira"),
    )
    assert settings.origins["guard.hold"] == "PARADESK_GUARD_HOLD"
    assert not load(tmp_path, "guard.enabled = false\n").guard.enabled


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("enabled = 1", "must be true or false, not 1"),
        ('off = "repaet"', "(did you mean repeat?), not 'repaet'"),
        ("off = [1]", 'must be a list such as ["repeat"], not [1]'),
        ("sensitivity = 1.5", "must be a number from 0 to 1, not 1.5"),
        ("sensitivity = nan", "must be a number from 0 to 1, not nan"),
        ("hold = -1", "must be a number of seconds from 0 to 60, not -1"),
        ("hold = true", "must be a number of seconds from 0 to 60, not True"),
        ('late = "never"', "must be always, unread or off, not 'never'"),
        ('internal_links = ["https://wiki.example.com/"]', 'must be a list of host names without "https://" and path'),
        ("sensitive = 1", "there is no setting guard.sensitive; did you mean sensitivity?"),
    ],
)
def test_a_wrong_policy_says_what_is_wanted(tmp_path: Path, line: str, said: str) -> None:
    (problem,) = problems(tmp_path, f"[guard]\n{line}\n")
    assert problem.startswith("/config.toml:2: ")
    assert said in problem


def test_profiles(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        '[profiles.acme]\nconnector = "matrix"\nhomeserver = "https://x"\ntimeout = 5\nfast = true\n'
        '[profiles.b-2]\nconnector = "simulator"\n',
    )
    assert list(settings.profiles) == ["acme", "b-2"]
    acme = settings.profiles["acme"]
    assert acme.connector == "matrix"
    assert acme.options == {"homeserver": "https://x", "timeout": "5", "fast": "true"}
    assert acme.place.endswith("config.toml:1")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        'them = "dark"\nresponse_target = "soon"\nnotifications = 3\nlanguage = "no language"\nhotlist = 1\n'
        'canned = [1]\n[profiles.Acme]\nconnector = "x"\n[profiles.b]\n[profiles.c]\nconnector = "x"\nlist = []\n',
        PARADESK_THEME="pink",
    )
    assert found == [
        "/config.toml:1: there is no setting them; did you mean theme?",
        "/config.toml:2: response_target must be a number of seconds from 1 to 86400, not 'soon'",
        "/config.toml:3: notifications must be a table: [notifications]",
        "/config.toml:4: language must be a language tag such as en, de or pt-BR, not 'no language'",
        "/config.toml:5: hotlist must be true or false, not 1",
        '/config.toml:6: canned must be a list of folders such as ["~/responses"], not [1]',
        "/config.toml:7: profiles.Acme: a profile's name is 1 to 32 of a-z, 0-9, - and _,"
        " and begins with a letter or digit",
        '/config.toml:9: profiles.b must say its connector, such as connector = "matrix"',
        "/config.toml:12: profiles.c.list must be a text, a number, true or false",
        "PARADESK_THEME: theme must be dark, light or contrast, not 'pink'",
    ]


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, 'theme = "dark"\nkeymap = \n')
    assert problem.startswith("/config.toml:2: this is not TOML")
    assert "correct the line" in problem


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_layers_of_keymaps(tmp_path: Path) -> None:
    (tmp_path / "team.toml").write_text('[keymap]\nname = "team"\n[bindings.global]\n"f10" = "status.open"\n')
    (tmp_path / "keymap.toml").write_text('[keymap]\nname = "own"\n')
    settings = load(tmp_path, 'keymap = "zendesk"\nteam_keymap = "team.toml"\n')
    keymaps = load_keymaps(settings)
    assert [(keymap.name, keymap.layer) for keymap in keymaps] == [
        ("default", Layer.DEFAULT),
        ("zendesk", Layer.PACK),
        ("team", Layer.TEAM),
        ("own", Layer.USER),
    ]


def test_an_unknown_keymap_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:1: no keymap is called 'zendsk'; did you mean zendesk\?"):
        load_keymaps(load(tmp_path, 'keymap = "zendsk"\n'))
    with pytest.raises(ConfigError, match=r"PARADESK_KEYMAP: no keymap"):
        load_keymaps(load(tmp_path, "", PARADESK_KEYMAP="q"))
    with pytest.raises(KeymapError, match=r"gone\.toml"):
        load_keymaps(load(tmp_path, 'keymap = "./gone.toml"\n'))


def test_keymaps_of_ones_own_have_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADESK_CONFIG_DIR", str(tmp_path))
    (tmp_path / "keymaps").mkdir()
    (tmp_path / "keymaps" / "vi.toml").touch()
    assert find_keymap("vi") == tmp_path / "keymaps" / "vi.toml"
