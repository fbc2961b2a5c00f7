#!/usr/bin/env python3
"""Shifts in the format that `xunge import` reads, as many as are asked for,
the same from the same seed.

    gen.py like FIXTURE COUNT SEED DIR      DIR/w00000.jsonl ...
    gen.py foreign COUNT SEED DIR

`like` takes the lines of FIXTURE (tests/data/workload) as templates: every
text is taken apart into its clauses, which are dealt out anew among texts of
the same kind; numbers in them, places, names and walks are drawn. `foreign`
has the same shape, but all words come from a list that nothing in the product
was made from: a forest farm, a fishing port, a reservoir, in short sentences.
Its characters too are mostly others.
"""
import json
import math
import pathlib
import random
import re
import sys

POINTS, STEP = 720, 30
DAY = 1_790_000_000 // 86400 * 86400

SURNAMES = "邱侯岑莫覃龚庞阮柯祝翁骆麦佟".strip()
GIVEN = "鹭鸣屿樵瀚霖渔舟樟岚榕栎槐桦汐潮澜礁岬崖".strip()
WHERE = ("三号林班 护林站 防火隔离带 红松母树林 苗圃东区 渔政码头 二号泊位 制冰厂 "
         "补网场 灯塔下 溢洪道 坝顶公路 量水堰 放水涵管 鱼道 采沙点 牧道 蜂场").split()
WHAT = ("松材线虫疑似植株 枯死木未伐除 盗伐伐桩三处 野猪毁坏围栏 瞭望塔楼梯锈蚀 "
        "缆绳磨断 渔船未挂旗 救生筏过检 柴油外溢至港池 冻库氨味刺鼻 坝坡白蚁 渗压计读数偏高 "
        "闸门启闭机卡滞 库区有人游野泳 网箱越界 定置网挡航道 祭祀用火 旱獭洞穴").split()
DONE = ("用喷漆标号 拉了警戒绳 通知林场派车 与船老大核对牌照 让其把缆加到两根 "
        "记下水尺刻度 取了两瓶水样 等退潮再看 待雨停复测 电台报了值班室 无人机绕飞一圈 "
        "请护林员老两口照看 已收缴火种 拍了年轮 顺路捡走废浮球").split()


class Words:
    """Texts of the foreign list."""

    def __init__(self, rng):
        self.r = rng

    def clause(self):
        k = self.r.random()
        if k < .45:
            return self.r.choice(WHERE) + self.r.choice(WHAT)
        if k < .8:
            return self.r.choice(DONE)
        return "%s%d米处%s" % (self.r.choice(WHERE), self.r.randint(2, 980),
                             self.r.choice(WHAT))

    def text(self, kind, least, most):
        n, s = self.r.randint(least, most), self.clause()
        while len(s) < n:
            s += self.r.choice("，；。") + self.clause()
        return s[:n - 1] + "。"

    def address(self):
        return "%s往%s%d里" % (self.r.choice(WHERE), self.r.choice("东南西北"),
                             self.r.randint(1, 40))

    def person(self):
        return self.r.choice(SURNAMES) + "".join(
            self.r.choice(GIVEN) for _ in range(self.r.choice((1, 2, 2))))

    def kind_of_dispute(self):
        return self.r.choice("林权界线 泊位先后 网具缠绕 放水次序 蜂群采蜜".split())


class Dealt:
    """Texts of the fixture, their clauses dealt anew."""

    def __init__(self, rng, lines):
        self.r = rng
        self.clauses, self.addresses, self.people, self.types = {}, [], [], []
        for d in lines:
            for key in ("note", "description"):
                if key in d:
                    pool = self.clauses.setdefault(d["kind"], [])
                    pool += [c for c in re.split("[，；。]", d[key]) if c]
            self.addresses += [d["address"]] if "address" in d else []
            self.people += [d["reporter"]] if "reporter" in d else []
            self.types += [d["type"]] if "type" in d else []

    def fresh(self, text):
        return re.sub(r"\d", lambda m: str(self.r.randint(1, 9)), text)

    def text(self, kind, least, most):
        pool = self.clauses[kind if kind in self.clauses else "visit"]
        n, s = self.r.randint(least, most), self.fresh(self.r.choice(pool))
        while len(s) < n:
            s += self.r.choice("，；。") + self.fresh(self.r.choice(pool))
        return s[:n - 1] + "。"

    def address(self):
        return self.fresh(self.r.choice(self.addresses))

    def person(self):
        a, b = self.r.choice(self.people), self.r.choice(self.people)
        return a[0] + b[1:]

    def kind_of_dispute(self):
        return self.r.choice(self.types)


def walk(r, start):
    """A worker's way: 30 s apart, corners and stops, a receiver's error that
    wanders."""
    x = y = ex = ey = 0.0
    way, stop, acc, out = r.uniform(0, 6.28), 0, 5.0, []
    lat0, lon0 = 35.05 + r.uniform(-.05, .05), 118.34 + r.uniform(-.05, .05)
    for i in range(POINTS):
        if stop:
            stop -= 1
        else:
            way += r.gauss(0, .35) + (r.choice((-1.57, 1.57))
                                      if r.random() < .08 else 0)
            if math.hypot(x, y) > 350:
                way = math.atan2(-y, -x) + r.gauss(0, .6)
            step = max(0, r.gauss(36, 7.5))
            x, y = x + step * math.cos(way), y + step * math.sin(way)
            stop = r.randint(2, 14) if r.random() < .02 else 0
        acc = min(8, max(3, acc + r.gauss(0, .5)))
        ex, ey = .7 * ex + r.gauss(0, acc * .48), .7 * ey + r.gauss(0, acc * .48)
        out.append({"t": start + STEP * i + (r.random() < .1),
                    "lat": round(lat0 + (y + ey) / 111132, 6),
                    "lon": round(lon0 + (x + ex) / 91130, 6),
                    "acc": round(acc, 1)})
    return out


def shift(r, words, number):
    who, start = "w%05d" % number, DAY + 28800 + r.randint(0, 600)
    points, lines = walk(r, start), []

    def line(kind, at, **more):
        lines.append({"id": r.getrandbits(128).to_bytes(16, "big").hex(),
                      "kind": kind, "worker": who, "t": at, **more})
        return lines[-1]
    kinds = ["visit"] * 8 + ["incident"] * 4 + ["dispute"]
    r.shuffle(kinds)
    incidents = []
    for kind, slot in zip(kinds, sorted(r.sample(range(5, POINTS - 5), 13))):
        p = points[slot]
        if kind == "visit":
            line(kind, p["t"], place="P%05d" % r.randint(0, 99999),
                 category=r.choice(("fire", "hygiene", "security", "hazard")),
                 result=r.choice(("normal", "normal", "normal", "abnormal")),
                 note=words.text(kind, 10, 40))
        elif kind == "incident":
            incidents.append(line(
                kind, p["t"], category=r.choice(
                    "fire_passage garbage noise gas road water".split()),
                urgency=r.choice(("normal", "normal", "priority", "urgent")),
                address=words.address(),
                description=words.text(kind, 40, 140), lat=p["lat"],
                lon=p["lon"], reporter=words.person()))
        else:
            line(kind, p["t"], type=words.kind_of_dispute(),
                 parties=[words.person()[0] + "某", words.person()[0] + "某某"],
                 description=words.text(kind, 120, 120),
                 outcome=r.choice(("agreement", "partial", "referred")))
    end = points[-1]["t"]
    first, second = r.sample(incidents, 2)
    line("update", end, target=first["id"], set={"urgency": "priority"},
         note=words.text("visit", 10, 40))
    line("do", end, target=second["id"], move="self_handle",
         note=words.text("visit", 10, 40))
    line("patrol", end, start=start, end=end, grid="371302001001001",
         track=points)
    lines.sort(key=lambda d: d["t"])
    return lines


def main():
    how, *rest = sys.argv[1:]
    fixture = []
    if how == "like":
        with open(rest.pop(0), encoding="utf-8") as f:
            fixture = [json.loads(text) for text in f]
    count, seed, folder = int(rest[0]), rest[1], pathlib.Path(rest[2])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        r = random.Random("%s/%d" % (seed, number))
        words = Dealt(r, fixture) if how == "like" else Words(r)
        with open(folder / ("w%05d.jsonl" % number), "w",
                  encoding="utf-8") as f:
            for d in shift(r, words, number):
                f.write(json.dumps(d, ensure_ascii=False,
                                   separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
