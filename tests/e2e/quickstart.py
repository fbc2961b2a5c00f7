#!/usr/bin/env python3
"""The main job as the README gives it: packaging/quickstart.sh, with the
programs that this build made. What its summary claims is looked up anew."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["XG_SOURCE"])
BIN = pathlib.Path(os.environ["XG_BIN"])


def agent(home, *words):
    run = subprocess.run([BIN / "xunge", "--home", home, *words, "--json"],
                         capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def main():
    with tempfile.TemporaryDirectory() as folder:
        demo = pathlib.Path(folder) / "demo"
        run = subprocess.run(
            ["sh", SOURCE / "packaging/quickstart.sh"],
            env={**os.environ, "XUNGE_BUILD": str(BIN.parent),
                 "XUNGE_DEMO": str(demo), "LC_ALL": "zh_CN.UTF-8",
                 "XUNGE_PART": "story"},  # the other is e2e/district
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=170)
        print(run.stdout)
        print(run.stderr, file=sys.stderr)
        assert run.returncode == 0, run.returncode
        for words in ("小结", "接下来可以试", "已收到", "打开张伟的页面"):
            assert words in run.stdout, words

        rows = agent(demo / "zhang-wei", "list")
        kinds = sorted(row["kind"] for row in rows)
        assert kinds == ["dispute", "incident", "incident", "meeting",
                         "patrol", "visit", "visit"], kinds
        assert all(row["delivery"] == "received" for row in rows), rows
        seen = agent(demo / "li-na", "list")
        # The last report went by a stick, after her last sync.
        by_stick = {row["id"] for row in rows} - {row["id"] for row in seen}
        assert len(by_stick) == 1, by_stick
        for row in rows:
            assert row["photos"]["server"] == row["photos"]["total"], row

        patrol = next(row for row in rows if row["kind"] == "patrol")
        shown = agent(demo / "zhang-wei", "patrol", "show", patrol["id"])[0]
        track = [element["value"] for element in shown["sets"]["segment"]]
        assert sum(t["points"] for t in track) >= 8, track
        assert sum(t["distance_m"] for t in track) > 5, track
        incident = next(row for row in rows if row["kind"] == "incident" and
                        row["id"] not in by_stick)
        text = json.dumps(agent(demo / "zhang-wei", "show", incident["id"]))
        assert "39.9155" in text and "116.3908" in text, text
    print("ok")


if __name__ == "__main__":
    main()
