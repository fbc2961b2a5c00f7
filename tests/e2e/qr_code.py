#!/usr/bin/env python3
"""An enrolment code as a QR code: what zbarimg, who did not draw it, reads from
the path for a page, and from the squares on a terminal, is the code."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

from lib_world import BIN, environment

UNIT = 4    # pixels a square
MARGIN = 4  # squares


def server(*words):
    return subprocess.run([BIN / 'xunge-server', *words], check=True, text=True,
                          capture_output=True, env=environment()).stdout


def read(folder, dark, wide, high):
    """The text that the squares (x, y) of `dark` say."""
    pixels = bytearray()
    for y in range(high):
        row = bytearray(
            0 if (x, y) in dark else 255
            for x in range(wide) for _ in range(UNIT))
        pixels += row * UNIT
    image = pathlib.Path(folder) / 'code.pgm'
    image.write_bytes(b'P5 %d %d 255\n' % (wide * UNIT, high * UNIT) + pixels)
    return subprocess.run(['zbarimg', '--quiet', '--raw', image], check=True,
                          text=True, capture_output=True).stdout.strip()


def of_path(path, size):
    drawn = re.fullmatch(r'(?:M\d+ \d+h1v1h-1z)+', path)
    assert drawn, path[:100]
    dark = {(int(x) + MARGIN, int(y) + MARGIN)
            for x, y in re.findall(r'M(\d+) (\d+)h', path)}
    side = size + 2 * MARGIN
    assert all(MARGIN <= x < side - MARGIN for spot in dark for x in spot)
    return dark, side, side


def of_terminal(lines):
    light = {'█': (True, True), '▀': (True, False), '▄': (False, True),
             ' ': (False, False)}
    dark = {(x, 2 * y + half)
            for y, line in enumerate(lines) for x, sign in enumerate(line)
            for half in (0, 1) if not light[sign][half]}
    return dark, len(lines[0]), 2 * len(lines)


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, 'server')
        server('init', data, '--origin', 'qr.example')
        units = os.path.join(folder, 'units.csv')
        with open(units, 'w', encoding='utf-8') as out:
            out.write('code,level,parent,name\ng1,grid,,一网格\n')
        server('territory', 'import', data, units)
        server('worker', 'add', data, 'w1', '--name', '张伟', '--role', 'worker',
               '--unit', 'g1')
        url = 'https://centre.qr.example:7443'
        told = json.loads(
            server('code', data, 'w1', '--url', url, '--json'))
        assert read(folder, *of_path(**told['qr'])) == told['code']
        code, *lines = server('code', data, 'w1', '--url', url,
                              '--qr').splitlines()
        assert read(folder, *of_terminal(lines)) == code
        print('ok: both say the code')


main()
