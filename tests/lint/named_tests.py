#!/usr/bin/env python3
"""Each test that a document names is there.

`room/name` is a name that ctest knows; what is named right after it (`room/name`:
`test_…`, *title in words*) stands in that test's file. A `test_…` by itself is a
file or a function of the tests, a `name.py` or a path a file. A name that ends
with … begins so. Read off the sources, so that nothing has to be built. Exits 1
and names each.
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = "unit|property|e2e|browser|fault|fuzz|sim|soak|bench|interop"

QUOTED = re.compile(r"`([^`\n]+)`")
# `room/name`: and the list that follows it.
OF_A_TEST = re.compile(
    rf"`(?P<test>(?:{ROOMS})/\w+|\w+\.(?:py|mjs))`:"
    r"(?P<list>(?: ?(?:`[\w…]+`|\*[^*\n]+\*),?)+)")
ITEM = re.compile(r"`([\w…]+)`|\*([^*\n]+)\*")
TEST = re.compile(rf"(?:{ROOMS})/[\w*]+")
FUNCTION = re.compile(r"…?(?:test_\w+…?)")
SCRIPT = re.compile(r"\w+\.(?:py|mjs)")
PATH = re.compile(r"(?:tests|packaging|agent|server|shared)/[\w./-]+\.\w+")
# Which calls of CMake make a test, by the file that they stand in.
MADE = {
    "e2e": re.compile(r"^xg_e2e_test\((\w+)", re.M),
    "fault": re.compile(r"^\s*xg_fault_test\((\w+) (\w+\.py)", re.M),
    "fuzz": re.compile(r"^xg_fuzz\((\w+)", re.M),
}
NAMED = re.compile(rf"add_test\(NAME ((?:{ROOMS})/\w+)")


def tests_of(root):
    """Every name that ctest knows, and the file it is made of, or None."""
    tests = {}
    for room in ("unit", "property"):
        for path in (root / "tests" / room).glob("test_*.c"):
            tests[f"{room}/{path.stem}"] = path
    for path in (root / "tests/browser").glob("*.mjs"):
        if path.stem not in ("run", "world"):
            tests[f"browser/{path.stem}"] = path
    for lists in [*(root / "tests").glob("*/CMakeLists.txt"),
                  *(root / "tests").glob("*/*.cmake")]:
        room, text = lists.parent.name, lists.read_text()
        for name in NAMED.findall(text):
            path = root / "tests" / (name + ".py")
            tests[name] = path if path.exists() else None
        for made in MADE[room].findall(text) if room in MADE else ():
            name, script = made if isinstance(made, tuple) else (made, None)
            path = lists.parent / (script or name + ".py")
            tests[f"{room}/{name}"] = path if path.exists() else None
    return tests


class Sources:
    def __init__(self, root):
        self.root = root
        self.tests = tests_of(root)
        self.scripts = {path.name: path for path in (root / "tests").rglob("*")
                        if path.suffix in (".py", ".mjs")
                        and "node_modules" not in path.parts}
        self.texts = {path: path.read_text()
                      for path in (root / "tests").rglob("*")
                      if path.suffix in (".py", ".mjs", ".c")
                      and "node_modules" not in path.parts}
        self.words = {path: set(re.findall(r"\w+", text))
                      for path, text in self.texts.items()}
        self.all = set().union(*self.words.values())
        self.stems = {path.stem for path in self.texts}

    @staticmethod
    def has(name, words):
        """Is it one of the words, or does one begin or end so?"""
        if name.startswith("…"):
            return any(word.endswith(name[1:]) for word in words)
        if name.endswith("…"):
            return any(word.startswith(name[:-1]) for word in words)
        return name in words

    def missing(self, quoted):
        """What is wrong with what stands between ` and `; None: nothing."""
        if TEST.fullmatch(quoted):
            return (None if quoted.endswith("*") or quoted in self.tests
                    else "no test is called so")
        if FUNCTION.fullmatch(quoted):
            return (None if quoted in self.stems or self.has(quoted, self.all)
                    else "no such test")
        if SCRIPT.fullmatch(quoted):
            return None if quoted in self.scripts else "no such file"
        if PATH.fullmatch(quoted):
            return (None if (self.root / quoted).exists() else "no such file")
        return None

    def missing_of(self, test, item):
        """The same of a function, or a title, of one test."""
        path = self.scripts.get(test) or self.tests.get(test)
        if path is None:
            return None if test in self.tests else "no test is called so"
        if item.group(1):
            found = self.has(item.group(1), self.words[path])
        else:
            found = item.group(2) in self.texts[path]
        return None if found else f"not in {test}"


def breaches(root):
    sources = Sources(root)
    for document in sorted([*root.glob("docs/**/*.md"), root / "README.md"]):
        if not document.exists():
            continue
        for number, line in enumerate(document.read_text().split("\n"), 1):
            where = f"{document.relative_to(root)}:{number}"
            for quoted in QUOTED.findall(line):
                wrong = sources.missing(quoted)
                if wrong:
                    yield f"{where}: {quoted}: {wrong}"
            for given in OF_A_TEST.finditer(line):
                for item in ITEM.finditer(given["list"]):
                    wrong = sources.missing_of(given["test"], item)
                    if wrong:
                        yield f"{where}: {item.group(0)}: {wrong}"


def check_self():
    """It must see what it looks for."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ("docs", "tests/unit", "tests/e2e", "tests/browser",
                     "tests/fault"):
            (root / name).mkdir(parents=True)
        (root / "tests/unit/test_a.c").write_text("static void test_one(")
        (root / "tests/e2e/CMakeLists.txt").write_text(
            "xg_e2e_test(x 60\n  x.py)\n")
        (root / "tests/e2e/x.py").write_text("def test_01_it_is_so(self):")
        (root / "tests/browser/run.mjs").write_text("")
        (root / "tests/browser/b.mjs").write_text("'a thing is shown'")
        (root / "tests/fault/CMakeLists.txt").write_text(
            "    xg_fault_test(agent sweep_agent.py 130)\n"
            "add_test(NAME sim/storm COMMAND)\n")
        (root / "tests/fault/sweep_agent.py").write_text("")
        (root / "docs/good.md").write_text(
            "`unit/test_a`: `test_one`, `e2e/x`: `test_01_…`; `browser/b`: *a "
            "thing is shown*, `sim/storm`, `fault/agent`, `fault/*`, `test_a`, "
            "`x.py`: `test_01_it_is_so`, `tests/e2e/x.py`\n")
        assert not list(breaches(root)), list(breaches(root))
        (root / "docs/good.md").write_text(
            "`unit/test_b`, `e2e/y`, `browser/run`, `fault/sweep_agent`,\n"
            "`test_two`, `y.py`, `tests/e2e/y.py`, `test_02_…`\n"
            "`unit/test_a`: `test_01_it_is_so`; `browser/b`: *another*\n"
            "`x.py`: `test_one`\n")
        found = [line.split(": ")[1].strip("`*") for line in breaches(root)]
        assert found == ["unit/test_b", "e2e/y", "browser/run",
                         "fault/sweep_agent", "test_two", "y.py",
                         "tests/e2e/y.py", "test_02_…", "test_01_it_is_so",
                         "another", "test_one"], found


check_self()
found = list(breaches(ROOT))
print("\n".join(found) or "every test that a document names is there")
sys.exit(bool(found))
