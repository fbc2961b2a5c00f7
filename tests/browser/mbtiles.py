#!/usr/bin/env python3
"""Make an offline map: MBTiles with plain pictures, and one dark mark on them.

    mbtiles.py FILE LAT LON LEAST_ZOOM MOST_ZOOM

Tiles lie around the place, three to each side at every zoom; the pixel of the
place, and those beside it, are red at the deepest zoom. What the coordinates
are drawn in is the caller's: they are taken as they are.
"""
import math
import sqlite3
import struct
import sys
import zlib

SIDE = 256
AROUND = 3


def chunk(name, data):
    body = name + data
    return struct.pack('>I', len(data)) + body + \
        struct.pack('>I', zlib.crc32(body))


def png(pixels):
    rows = b''.join(b'\0' + bytes(row) for row in pixels)
    head = struct.pack('>IIBBBBB', SIDE, SIDE, 8, 2, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + \
        chunk(b'IDAT', zlib.compress(rows, 9)) + chunk(b'IEND', b'')


def world(lat, lon, zoom):
    """Pixels from the north-west corner of the world."""
    size = SIDE * 2 ** zoom
    sine = math.sin(math.radians(lat))
    return ((lon + 180) / 360 * size,
            (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * size)


def picture(shade, mark):
    rows = [[shade] * (3 * SIDE) for _ in range(SIDE)]
    for x, y in mark:
        if 0 <= x < SIDE and 0 <= y < SIDE:
            rows[y][3 * x:3 * x + 3] = [255, 0, 0]
    return png(rows)


def degrees(tile_x, tile_y, zoom):
    n = 2 ** zoom
    return (math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * tile_y / n)))),
            tile_x / n * 360 - 180)


def make(path, lat, lon, least, most):
    db = sqlite3.connect(path)
    db.executescript('''
        CREATE TABLE metadata (name TEXT, value TEXT);
        CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER,
                            tile_row INTEGER, tile_data BLOB);
        CREATE UNIQUE INDEX tile ON tiles (zoom_level, tile_column, tile_row);
    ''')
    for zoom in range(least, most + 1):
        x, y = world(lat, lon, zoom)
        column, row = int(x // SIDE), int(y // SIDE)
        if zoom == least:
            south, west = degrees(column - AROUND, row + AROUND + 1, zoom)
            north, east = degrees(column + AROUND + 1, row - AROUND, zoom)
        for dx in range(-AROUND, AROUND + 1):
            for dy in range(-AROUND, AROUND + 1):
                left, top = (column + dx) * SIDE, (row + dy) * SIDE
                mark = [(math.floor(x) - left + i, math.floor(y) - top + j)
                        for i in (-1, 0, 1) for j in (-1, 0, 1)] \
                    if zoom == most else []
                db.execute('INSERT INTO tiles VALUES (?, ?, ?, ?)',
                           (zoom, column + dx, 2 ** zoom - 1 - row - dy,
                            picture(224 + 8 * ((dx + dy) % 2), mark)))
    db.executemany('INSERT INTO metadata VALUES (?, ?)', (
        ('name', 'Test'), ('format', 'png'), ('type', 'baselayer'),
        ('attribution', '<a href="https://www.openstreetmap.org/copyright">'
         '© OpenStreetMap contributors</a>, ODbL'),
        ('minzoom', str(least)), ('maxzoom', str(most)),
        ('bounds', '%f,%f,%f,%f' % (west, south, east, north))))
    db.commit()
    db.close()


if __name__ == '__main__':
    make(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]),
         int(sys.argv[4]), int(sys.argv[5]))
