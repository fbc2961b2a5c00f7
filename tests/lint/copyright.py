#!/usr/bin/env python3
"""packaging/copyright says whose everything is, and is installed.

Each licence that lies in the tree speaks for files that the list names, and its
holders and its words are in it; so are those of each package that the pages
bundle (where these are installed: packaging/npm.sh). Each pattern of the list
means files that are there, or are made for a release. Exits 1 and names what is
not so.
"""
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / "packaging/copyright"
PAGE = ROOT / "shared/page"
BUILT = ("agent/ui/built/*", "server/console/built/*")  # packaging/release.sh


def paragraphs(text):
    """[{field: its lines}]"""
    found = []
    for part in text.split("\n\n"):
        fields = {}
        for line in part.splitlines():
            name = re.match(r"([A-Z][\w-]*):", line)
            if name:
                at = fields.setdefault(name[1], [])
                line = line[len(name[0]):]
            at.append(line.strip())
        found.append(fields)
    return found


def plain(text):
    """Words alone: neither breaks of lines nor DEP-5's points count."""
    return " ".join(w for w in text.split() if w != ".")


def files():
    """Those of the project: of a checkout, or of a release."""
    if (ROOT / ".git").exists():
        return subprocess.run(["git", "ls-files"], cwd=ROOT, check=True,
                              capture_output=True, text=True).stdout.split("\n")
    return [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and
            not {"node_modules"} & set(p.parts)]


def holders(text):
    """Years and names, as its own lines have them."""
    return [plain(re.sub(r"(?i)^\s*copyright( \(c\)|:)?(?= )|<.*|\. +For other.*", "",
                         line))
            for line in text.splitlines()
            if re.match(r"\s*copyright:? (\(c\) )?[\dA-Z]", line, re.I)]


def main():
    said = LIST.read_text(encoding="utf-8")
    wrong = []
    tracked = files()
    patterns = [p for fields in paragraphs(said)
                for p in " ".join(fields.get("Files", [])).split()]
    for pattern in patterns:
        if pattern not in BUILT and not fnmatch.filter(tracked, pattern):
            wrong.append(f"{pattern}: no file")
    licences = [ROOT / f for f in tracked if re.match(
        r"(LICENSE|COPYING)", pathlib.Path(f).name)]
    for package in json.loads((PAGE / "package.json").read_text())["dependencies"]:
        folder = PAGE / "node_modules" / package
        if folder.is_dir():
            licences += folder.glob("LICENSE*")
    for licence in licences:
        folder = str(licence.parent.relative_to(ROOT))
        if folder not in (".", "packaging/demo") and "node_modules" not in folder \
                and f"{folder}/*" not in patterns:
            wrong.append(f"{licence}: for no files of the list")
        text = licence.read_text(encoding="utf-8")
        named = holders(text)
        if not named:
            wrong.append(f"{licence}: nobody's")
        wrong += [f"{licence}: {who} is not in the list" for who in named
                  if who not in plain(said)]
        words = plain(text)  # who holds it comes first, and is short
        if words[len(words) * 2 // 5:] not in plain(said):
            wrong.append(f"{licence}: its words are not in the list")
    defined = {fields["License"][0] for fields in paragraphs(said)
               if "Files" not in fields and "License" in fields}
    used = {fields["License"][0] for fields in paragraphs(said)
            if "Files" in fields}
    wrong += [f"{name}: no such licence in the list" for name in used ^ defined]
    if "packaging/copyright" not in (ROOT / "cmake/Install.cmake").read_text():
        wrong.append("it is not installed")
    print("\n".join(wrong) if wrong else
          f"{len(licences)} licences, each in packaging/copyright")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
