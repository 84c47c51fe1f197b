"""Text from outside becomes a widget's content in one module only, and never as markup."""

import ast
from pathlib import Path

import pytest

import paradesk.ui

UI = Path(paradesk.ui.__file__).parent
CONTENT_MODULE = "content.py"

BANNED_IMPORTS = {
    "textual.markup": {"escape"},
    "rich.markup": {"escape", "render"},
    "rich.markdown": {"Markdown"},
    "rich.pretty": {"Pretty"},
    "textual.widgets": {"Markdown", "MarkdownViewer", "Pretty", "HelpPanel", "KeyPanel", "Link"},
    "webbrowser": {"*"},
}
BUILDERS = {"Content", "Text"}
MARKUP_TAKERS = {
    "Static",
    "Label",
    "Button",
    "Checkbox",
    "RadioButton",
    "Option",
    "Tab",
    "TabPane",
    "Collapsible",
    "Selection",
    "Digits",
}
MARKUP_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip"}


def is_built_text(node: ast.expr | None) -> bool:
    """Whether an expression is surely a str with something variable in it."""
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        sides = (node.left, node.right)
        return any(
            is_built_text(side) or (isinstance(side, ast.Constant) and isinstance(side.value, str)) for side in sides
        )
    if isinstance(node, ast.IfExp):
        return is_built_text(node.body) or is_built_text(node.orelse)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            return node.func.attr in (
                "format",
                "join",
                "ljust",
                "rjust",
                "center",
                "replace",
                "upper",
                "lower",
                "strip",
            )
        return isinstance(node.func, ast.Name) and node.func.id in ("str", "repr", "clean_line", "clean_text")
    return False


def called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def first_argument(node: ast.Call, *names: str) -> ast.expr | None:
    if node.args:
        return node.args[0]
    return next((keyword.value for keyword in node.keywords if keyword.arg in names), None)


def keyword_is(node: ast.Call, name: str, value: bool) -> bool:
    return any(
        keyword.arg == name and isinstance(keyword.value, ast.Constant) and keyword.value.value is value
        for keyword in node.keywords
    )


class Finder(ast.NodeVisitor):
    """Collects what may not stand in a module of the user interface."""

    def __init__(self, content_module: bool) -> None:
        self.content_module = content_module
        self.found: list[tuple[int, str]] = []

    def report(self, node: ast.stmt | ast.expr, what: str) -> None:
        self.found.append((node.lineno, what))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name in BANNED_IMPORTS:
                self.report(node, f"import of {alias.name}")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        banned = BANNED_IMPORTS.get(node.module or "", set())
        for alias in node.names:
            if alias.name in banned or "*" in banned:
                self.report(node, f"import of {node.module}.{alias.name}")

    def visit_Call(self, node: ast.Call) -> None:
        name = called(node)
        argument = first_argument(node, "content", "label", "prompt", "title", "renderable", "message")
        if not self.content_module:
            if name in BUILDERS and isinstance(node.func, ast.Name):
                self.report(node, f"{name}() outside content.py")
            if name in ("from_markup", "from_text", "from_rich_text") and isinstance(node.func, ast.Attribute):
                self.report(node, f"{name}() outside content.py")
        if name == "from_markup" and not isinstance(argument, ast.Constant):
            self.report(node, "markup that is not a constant")
        if name in MARKUP_TAKERS and is_built_text(argument) and not keyword_is(node, "markup", False):
            self.report(node, f"text built for {name}(), which reads markup")
        if name == "update" and is_built_text(argument):
            self.report(node, "text built for update(), which reads markup")
        if name == "notify" and not isinstance(argument, ast.Constant) and not keyword_is(node, "markup", False):
            self.report(node, "notify() without markup=False")
        if keyword_is(node, "highlight", True):
            self.report(node, "highlight=True takes time quadratic in the text")
        if name == "RichLog" and keyword_is(node, "markup", True):
            self.report(node, "RichLog(markup=True)")
        for keyword in node.keywords:
            if keyword.arg in MARKUP_ATTRIBUTES and is_built_text(keyword.value):
                self.report(node, f"text built for {keyword.arg}, which is read as markup")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr in MARKUP_ATTRIBUTES and is_built_text(node.value):
                self.report(node, f"text built for {target.attr}, which is read as markup")
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        calls = [called(item.context_expr) for item in node.items if isinstance(item.context_expr, ast.Call)]
        if "suspend" in calls and "batch_update" not in calls:
            self.report(node, "suspend() without batch_update() locks up when anything repaints")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        returned = node.returns
        if node.name in ("render", "render_label") and isinstance(returned, ast.Name) and returned.id == "str":
            self.report(node, f"{node.name}() returns str, which is read as markup")
        self.generic_visit(node)


def findings(source: str, content_module: bool = False) -> list[str]:
    finder = Finder(content_module)
    finder.visit(ast.parse(source))
    return [f"{line}: {what}" for line, what in sorted(finder.found)]


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: str(path.relative_to(UI)))
def test_only_the_content_module_builds_content(path: Path) -> None:
    found = findings(path.read_text(encoding="utf-8"), content_module=path.name == CONTENT_MODULE)
    assert not found, "\n".join(f"{path.relative_to(UI)}:{line}" for line in found)


@pytest.mark.parametrize(
    "source",
    [
        "from textual.markup import escape",
        "import webbrowser",
        "from textual.widgets import Static, Markdown",
        "from textual.widgets import Pretty",
        "Content(name)",
        "Text(name)",
        "Content.from_markup(f'[b]{name}[/b]')",
        "Static(f'to {name}')",
        "Label('to ' + name)",
        "Button('to %s' % name)",
        "Static('{}'.format(name))",
        "Static(str(name))",
        "Static(clean_line(name))",
        "Option('a' if x else f'{name}')",
        "self.border_title = f'{name}'",
        "self.query_one(Static).update(f'{name}')",
        "self.notify(text)",
        "self.app.notify(f'{name}', severity='error')",
        "with self.app.suspend():\n    edit()",
        "RichLog(highlight=True)",
        "Static('x', tooltip=f'{name}')",
        "def render(self) -> str:\n    return name",
    ],
)
def test_the_check_finds(source: str) -> None:
    assert findings(source)


@pytest.mark.parametrize(
    "source",
    [
        "from textual.widgets import Static",
        "Static('Nothing here')",
        "Static(plain(name))",
        "Static(f'{name}', markup=False)",
        "self.border_title = plain(name)",
        "self.notify(text, markup=False)",
        "self.notify('Saved')",
        "with self.app.suspend(), self.app.batch_update():\n    edit()",
        "def render(self) -> Content:\n    return plain(name)",
        "self.state.update({'a': 1})",
    ],
)
def test_the_check_leaves_alone(source: str) -> None:
    assert not findings(source)


def test_the_content_module_may_build_but_not_from_built_markup() -> None:
    assert not findings("Content(text)", content_module=True)
    assert findings("Content.from_markup(f'{text}')", content_module=True)


SOURCE = UI.parent
BANNED_CALLS = {
    "extractall": "an archive can write anywhere",
    "eval": "it runs text",
    "exec": "it runs text",
}
BANNED_ATTRIBUTES = {("yaml", "load"), ("webbrowser", "open"), ("os", "system"), ("os", "popen"), ("pickle", "loads")}
BANNED_KEYWORDS = {("verify", False), ("shell", True), ("show_locals", True)}
PACK_TEXT = ("canned", "keymap", "connectors")
"""Packages that handle texts of packs and backends: `str.format` and `%` on a variable would read those as formats."""

YAML_READER = Path("canned/exchange/espanso_yaml.py")
"""The one module that may import PyYAML, for its parser alone."""
YAML_PARSING = {
    *("parse", "compose", "SafeLoader", "YAMLError", "ScalarNode", "SequenceNode"),
    *("CollectionStartEvent", "CollectionEndEvent"),
}


def dangers(source: str, pack_text: bool = False) -> list[str]:
    """Return the calls that may stand nowhere, whatever their arguments."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if (
            pack_text
            and isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Mod)
            and isinstance(node.right, (ast.Tuple, ast.Dict))
            and not isinstance(node.left, ast.Constant)
        ):
            found.append(f"{node.lineno}: % on text that is not a constant")
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if {"webbrowser", "yaml", "pickle", "marshal", "shelve"} & set(names):
                found.append(f"{node.lineno}: import of {names}")
        if not isinstance(node, ast.Call):
            continue
        name, function = called(node), node.func
        if name in BANNED_CALLS and (name == "extractall" or isinstance(function, ast.Name)):
            found.append(f"{node.lineno}: {name}(): {BANNED_CALLS[name]}")
        if isinstance(function, ast.Attribute):
            if isinstance(function.value, ast.Name) and (function.value.id, function.attr) in BANNED_ATTRIBUTES:
                found.append(f"{node.lineno}: {function.value.id}.{function.attr}()")
            constant = isinstance(function.value, ast.Constant)
            if pack_text and function.attr in ("format", "format_map") and not constant:
                found.append(f"{node.lineno}: .{function.attr}() on text that is not a constant")
        for keyword, value in BANNED_KEYWORDS:
            if keyword_is(node, keyword, value):
                found.append(f"{node.lineno}: {keyword}={value}")
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_dangerous_is_called_anywhere(path: Path) -> None:
    place = path.relative_to(SOURCE)
    found = dangers(path.read_text(encoding="utf-8"), place.parts[0] in PACK_TEXT)
    if place == YAML_READER:
        found = [each for each in found if not each.endswith("import of ['yaml', '']")]
    assert not found, place


def test_yaml_is_parsed_in_one_place_and_never_made_into_objects() -> None:
    tree = ast.parse((SOURCE / YAML_READER).read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("yaml", "self._yaml")
    }
    assert {"parse", "compose"} <= used, "the probe sees nothing"
    assert used <= YAML_PARSING, used - YAML_PARSING


@pytest.mark.parametrize(
    "source",
    [
        "archive.extractall(folder)",
        "yaml.load(text)",
        "import yaml",
        "from webbrowser import open",
        "httpx.Client(verify=False)",
        "subprocess.run(line, shell=True)",
        "os.system(line)",
        "install(show_locals=True)",
        "body.format(name=name)",
        "body % (name,)",
        "eval(text)",
    ],
)
def test_the_check_finds_what_is_dangerous(source: str) -> None:
    assert dangers(source, pack_text=True)


@pytest.mark.parametrize(
    "source", ["'{}'.format(x)", "'%s' % (x,)", "re.compile(x)", "7 % x", "Client(verify=context)"]
)
def test_the_check_leaves_harmless_calls_alone(source: str) -> None:
    assert not dangers(source, pack_text=True)
