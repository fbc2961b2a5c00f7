#!/usr/bin/env python3
"""A release tarball: the same commit gives the same bytes, and who builds from
it needs no Node, which is not even looked for. Its pages are those that the
build from the sources has.

XG_SOURCE: a checkout; XG_BUILD: where it is built. Without a checkout, or
without Node to make the tarball with, there is nothing to hold (exit 77).
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["XG_SOURCE"])
BUILD = pathlib.Path(os.environ["XG_BUILD"])
ASSETS = ["ui_assets.c", "console_assets.c"]
# What the pages and their C files are made of.
MADE_OF = ["agent/ui/page", "server/console/page", "shared/page",
           "cmake/EmbedPage.cmake", "packaging"]
NODE = {"node", "nodejs", "npm", "npx", "corepack"}


def without_node(folder):
    """A folder with all programs of PATH but Node's, the first of a name."""
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        if not os.path.isdir(place or "."):
            continue
        for entry in os.scandir(place or "."):
            link = folder / entry.name
            if entry.name not in NODE and not os.path.lexists(link):
                link.symlink_to(os.path.abspath(entry.path))
    return folder


class Release(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="release."))
        self.addCleanup(shutil.rmtree, self.folder)

    def tarballs(self):
        """Two of one commit, made at once."""
        runs = [subprocess.Popen(
            ["sh", SOURCE / "packaging/release.sh", self.folder / name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for name in ("one", "two")]
        said = [run.communicate()[0] for run in runs]
        for run, text in zip(runs, said):
            self.assertEqual(run.returncode, 0, text)
        return [pathlib.Path(text.split()[-1]) for text in said]

    def quiet(self, *command, env=None):
        done = subprocess.run(command, env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_it_needs_no_node(self):
        one, two = self.tarballs()
        self.assertEqual(one.name, two.name)
        self.assertTrue(one.read_bytes() == two.read_bytes(),
                        f"two tarballs of one commit differ: {one} {two}")
        self.quiet("tar", "-x", "-C", self.folder, "-f", one)
        tree = self.folder / one.name.removesuffix(".tar.gz")
        self.assertEqual([str(path.relative_to(tree)) for path in
                          tree.rglob("node_modules")], [])

        path = without_node(self.folder / "bin")
        env = {**os.environ, "PATH": str(path)}
        for program in NODE:
            self.assertIsNone(shutil.which(program, path=str(path)))
        build = self.folder / "build"
        self.quiet(path / "cmake", "-S", tree, "-B", build, "-G", "Ninja",
                   "-DXG_TESTS=OFF", env=env)
        self.assertNotIn("NPM_PROGRAM", (build / "CMakeCache.txt").read_text())
        self.quiet(path / "cmake", "--build", build, "-t",
                   *("generated/" + name for name in ASSETS), env=env)
        changed = self.quiet("git", "-C", SOURCE, "status", "--porcelain",
                             "--", *MADE_OF)
        if changed:
            print("what is committed is not what is built here; not compared:",
                  changed, sep="\n")
            return
        for name in ASSETS:
            ours = BUILD / "generated" / name
            self.assertTrue(
                (build / "generated" / name).read_bytes() == ours.read_bytes(),
                f"the tarball's {name} is not what is built from the sources")


if not (SOURCE / ".git").exists() or not shutil.which("npm"):
    print("no checkout, or no npm: nothing to make a tarball of")
    sys.exit(77)
unittest.main()
