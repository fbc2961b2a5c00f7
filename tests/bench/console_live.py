#!/usr/bin/env python3
"""Operators who look at the console: each reads /api/events, and asks for the
list and its counts when an event concerns them, at most every three seconds, as
the page does (docs/console.md, "Live").

    console_live.py PORT TOKENS STREAMS

TOKENS is a file of sessions, which are shared out. Says a line when all were
greeted; goes on until its standard input ends; then says what was told and
asked.
"""
import asyncio
import json
import sys
import time

EVERY_S = 3
CALLS = ({"run": "list", "words": [], "lang": "zh",
          "flags": {"case": True, "open": True, "limit": "50"}},
         {"run": "counts", "words": [], "flags": {}, "lang": "zh"})
counted = {"events": 0, "fetches": 0, "ms": []}


class Looker:
    def __init__(self, port, token, address):
        self.port, self.token, self.address = port, token, address
        self.link = None
        self.concerned = asyncio.Event()

    def open(self):
        return asyncio.open_connection("127.0.0.1", self.port,
                                       local_addr=(self.address, 0))

    def heads(self, first, *more):
        return "\r\n".join((first, "Host: 127.0.0.1:%d" % self.port,
                            "Authorization: Bearer " + self.token, *more, "",
                            "")).encode()

    async def chunk(self, reader):
        """One of a chunked body; empty at its end."""
        size = int((await reader.readline()).split(b";")[0], 16)
        data = await reader.readexactly(size + 2)
        return data[:-2]

    async def listen(self, greeted):
        reader, writer = await self.open()
        writer.write(self.heads("GET /api/events HTTP/1.1"))
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.decode())
        rest = b""
        while data := await self.chunk(reader):
            *lines, rest = (rest + data).split(b"\n")
            for line in filter(None, lines):
                told = json.loads(line)
                greeted.set_result(None) if not greeted.done() else None
                if told.get("ended"):
                    raise RuntimeError("a session ended")
                if told.get("changed"):
                    counted["events"] += 1
                    self.concerned.set()

    async def fetch(self, call):
        """On the connection of before, or, where the server let go of it
        meanwhile, on another: as a browser does."""
        kept = self.link
        self.link = kept or await self.open()
        try:
            await self.exchange(call)
        except (asyncio.IncompleteReadError, ConnectionError):
            if not kept:
                raise
            kept[1].close()
            self.link = await self.open()
            await self.exchange(call)

    async def exchange(self, call):
        reader, writer = self.link
        body = json.dumps(call).encode()
        writer.write(self.heads("POST /api/run HTTP/1.1",
                                "Content-Type: application/json",
                                "Content-Length: %d" % len(body)) + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if " 200 " not in head.split("\r\n", 1)[0]:
            raise RuntimeError(head)
        if "transfer-encoding: chunked" in head:
            while await self.chunk(reader):
                pass
        else:
            at = head.index("content-length:") + 15
            await reader.readexactly(int(head[at:head.index("\r\n", at)]))
        counted["fetches"] += 1

    async def look(self):
        while True:
            await self.concerned.wait()
            self.concerned.clear()
            began = time.monotonic()
            for call in CALLS:
                asked = time.monotonic()
                await self.fetch(call)
                counted["ms"].append(round((time.monotonic() - asked) * 1e3))
            await asyncio.sleep(max(0, began + EVERY_S - time.monotonic()))


async def main():
    port, path, streams = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with open(path, encoding="utf-8") as lines:
        tokens = lines.read().split()
    loop = asyncio.get_running_loop()
    work, greetings = [], []
    for i in range(streams):
        # Each at a desk of her own: of one address the server keeps few.
        one = Looker(port, tokens[i % len(tokens)], f"127.0.1.{i % 250 + 1}")
        greeted = loop.create_future()
        greetings.append(greeted)
        work += [asyncio.create_task(one.listen(greeted)),
                 asyncio.create_task(one.look())]
        if i % 10 == 9:
            await asyncio.wait_for(greeted, 60)
    await asyncio.gather(*greetings)
    print("ready", flush=True)
    end = loop.run_in_executor(None, sys.stdin.read)
    done, _ = await asyncio.wait([end, *work],
                                 return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()  # a looker never ends by itself
    print(json.dumps(counted), flush=True)
    for task in work:
        task.cancel()


asyncio.run(main())
