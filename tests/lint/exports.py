#!/usr/bin/env python3
"""What the pages' files export, and no other file takes.

A function or value that only its own file uses needs no `export`; one that
nothing uses is dead. Types are let be: they name what a function takes and
gives, for whoever calls it. Exits 1 and names each.
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["shared/page", "agent/ui/page", "server/console/page",
           "tests/browser/map_page"]

EXPORTED = re.compile(
    r"^export (?:async )?(?:abstract )?"
    r"(?:function\*?|const|let|class|enum) (\w+)", re.M)
LISTED = re.compile(r"^export \{([^}]*)\}", re.M)
# What a file takes: by name, or all of another (`import * as`, `import(…)`,
# `export *`), which counts as each of its names that stands in the taker.
# An import may also stand in a text that the build writes ("\nimport { … }").
TAKEN = re.compile(r"(?:\b|\\n)(?:import|export)\s+(?:type\s+)?(?:\w+\s*,\s*)?"
                   r"\{([^}]*)\}\s*from\b")
WHOLE = re.compile(r"\bimport\s*\*|\bimport\(|\bexport\s*\*")


def names(listed):
    """`a, type B as C` -> a, B: the names in the file that exports them."""
    for part in listed.split(","):
        words = part.replace("type ", " ").split()
        if words:
            yield words[0]


def unused(root):
    files = [path for folder in FOLDERS for path in (root / folder).rglob("*")
             if path.suffix in (".ts", ".tsx")
             and not path.name.endswith(".d.ts")
             and "node_modules" not in path.parts]
    texts = {path: path.read_text() for path in sorted(files)}
    taken, whole = {}, []
    for path, text in texts.items():
        for listed in TAKEN.findall(text):
            for name in names(listed):
                taken.setdefault(name, set()).add(path)
        if WHOLE.search(text):
            whole.append(path)
    for path, text in texts.items():
        own = EXPORTED.findall(text)
        for listed in LISTED.findall(text):
            own += names(listed)
        for name in own:
            word = re.compile(rf"\b{name}\b")
            if taken.get(name, set()) - {path} or any(
                    word.search(texts[other])
                    for other in whole if other != path):
                continue
            uses = len(word.findall(text)) - 1
            yield (f"{path.relative_to(root)}: {name} "
                   + ("is exported, and no other file takes it" if uses
                      else "is not used"))


def check_self():
    """It must see what it looks for."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "shared/page").mkdir(parents=True)
        (root / "shared/page/a.ts").write_text(
            "export function taken() { return inner(); }\n"
            "export function inner() { return 1; }\n"
            "export const dead = 1;\n"
            "export class Later {}\n"
            "export interface Shape { n: number }\n")
        (root / "shared/page/b.ts").write_text(
            "import { taken as other, type Shape } from './a';\n"
            "const Shown = lazy(() => import('./a').then((m) => m.Later));\n")
        found = list(unused(root))
        assert found == [
            "shared/page/a.ts: inner is exported, and no other file takes it",
            "shared/page/a.ts: dead is not used"], found


check_self()
breaches = list(unused(ROOT))
print("\n".join(breaches) or "every export of the pages is taken")
sys.exit(bool(breaches))
