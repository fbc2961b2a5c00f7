#!/usr/bin/env python3
"""Who walks, drawn as on the walker's own device; what was covered; which
devices are silent; and the day's sheet."""
import calendar
import time

from lib_world import COMMUNITY, COMMUNITY_2, GRID, GRID_2, Agent, Case, main

DISTRICT = '371302'
HEAD = '''<?xml version="1.0"?><gpx version="1.1" creator="t"
 xmlns="http://www.topografix.com/GPX/1/1"><trk>%s</trk></gpx>'''
POINT = '<trkpt lat="%.6f" lon="%.6f"><time>%s</time></trkpt>'


def day_of(ms):
    """China's."""
    return time.strftime('%Y-%m-%d', time.gmtime(ms / 1000 + 8 * 3600))


def utc(ms):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(ms / 1000))


def ms_of(text):
    return calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S')) * 1000


class Patrols(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID_2)]

    def gpx(self, begins_ms, segments):
        """Segments of (points, seconds to wait before)."""
        at, parts, lat = begins_ms, [], 35.05
        for points, wait in segments:
            at += wait * 1000
            part = ''
            for _ in range(points):
                lat += 0.0003
                part += POINT % (lat, 118.35, utc(at))
                at += 10000
            parts.append('<trkseg>%s</trkseg>' % part)
        path = self.world.folder / 'track.gpx'
        path.write_text(HEAD % ''.join(parts))
        return path

    def setUp(self):
        super().setUp()
        # Yesterday at China's noon: a whole day, whenever this runs.
        now = int(time.time() * 1000)
        midnight = (now + 8 * 3600000) // 86400000 * 86400000 - 8 * 3600000
        self.noon = midnight - 12 * 3600000
        self.day = day_of(self.noon)
        path = self.gpx(self.noon, [(20, 0), (15, 900)])
        self.walk = self.a.one('patrol', 'import', path, 'grid=' + GRID)
        self.a.do('visit', 'place=P-1', 'result=normal', 'grid=' + GRID,
                  'happened=' + utc(self.noon + 60000))
        self.a.sync()

    def test_a_way_is_drawn_as_on_its_device(self):
        mine = self.a.one('patrol', 'day', self.day)['patrols']
        row, = self.world.ask('patrols', self.day)
        self.assertEqual(len(mine), 1)
        mine, = mine
        self.assertEqual((row['worker'], row['unit'], row['open']),
                         ('wa', GRID, False))
        for name in ('id', 'number', 'start', 'end', 'distance_m', 'points'):
            self.assertEqual(row[name], mine[name], name)
        self.assertEqual(row['points'], 35)
        self.assertGreaterEqual(row['distance_m'], 1000)
        # What nobody saw is a gap: told, and never joined.
        self.assertEqual(row['gaps'], len(mine['gaps']))
        self.assertGreaterEqual(row['gaps'], 1)
        self.assertGreaterEqual(row['gap_s'], 900)
        shown = self.world.ask('patrols', '--show', row['id'])[0]
        for name in ('lines', 'gaps', 'checkins', 'distance_m'):
            self.assertEqual(shown[name], mine[name], name)
        self.assertEqual(len(shown['lines']), 2)
        self.assertEqual([v['place'] for v in shown['visits']], ['P-1'])
        last = shown['lines'][1][-1]
        self.assertEqual([row['last']['lon'], row['last']['lat']], last)
        # of another day, and of another place, it is not
        self.assertEqual(self.world.ask('patrols', day_of(
            self.noon - 86400000)), [])
        self.assertEqual(self.world.ask('patrols', self.day, '--unit',
                                        COMMUNITY_2), [])
        self.assertEqual(len(self.world.ask('patrols', self.day, '--unit',
                                            COMMUNITY)), 1)
        for words, code in ((('--show', self.a.incident()), 3),
                            (('yesterday',), 2), (('--unit', 'moon'), 3)):
            self.a.sync()
            self.assertEqual(self.world.try_('patrols', *words).code, code)

    def test_what_was_covered(self):
        key = self.a.one('subject', 'list=place', 'name=液化气站', 'grid=' + GRID)
        self.a.one('subject', 'list=place', 'name=学校', 'grid=' + GRID)
        off = self.a.one('subject', 'list=place', 'name=旧楼', 'grid=' + GRID)
        self.a.do('set', off['id'], 'released=true')
        at = 'happened=' + utc(self.noon + 120000)
        visits = [
            self.a.one('visit', 'place=' + place, 'result=normal',
                       'grid=' + GRID, at, *more)['id']
            for place, more in (('P-1', []), ('P-2', ['of=' + key['id']]),
                                ('P-2', []), ('P-3', []))]
        self.a.sync()
        row, = self.world.ask('coverage', '--from', self.day, '--to', self.day)
        self.assertEqual({k: v for k, v in row.items() if k not in (
            'name', 'distance_m')}, {
                'unit': GRID, 'patrols': 1, 'workers': 1, 'subjects': 2,
                'visited': 1, 'places_visited': 3, 'households_visited': 2,
                'households': None, 'households_units': None})
        self.assertEqual(row['distance_m'], self.world.ask(
            'patrols', self.day)[0]['distance_m'])
        # withdrawn, moved to another day, erased: gone from the day at once
        covered = lambda: self.world.ask('coverage', '--from', self.day,
                                         '--to', self.day)[0]
        self.a.do('withdraw', visits[0], '--why', '误记')
        self.a.do('set', visits[3],
                  'happened=' + utc(self.noon - 2 * 86400000))
        self.a.sync()
        row = covered()
        self.assertEqual((row['visited'], row['places_visited'],
                          row['households_visited']), (1, 2, 1))
        self.world.worker('sv', 'supervisor', DISTRICT)
        self.world.do('redact', visits[1], '--ground', '写错', '--as', 'sv',
                      '--field', 'of', '--yes')
        row = covered()
        self.assertEqual((row['visited'], row['places_visited'],
                          row['households_visited']), (0, 2, 2))
        self.assertEqual(self.world.ask('account', 'wa')[0]['visits'],
                         self.a.one('mine')['visits'])
        # a day on which nobody went: the lists are there, nothing was visited
        before = day_of(self.noon - 86400000)
        row, = self.world.ask('coverage', '--from', before, '--to', before)
        self.assertEqual((row['patrols'], row['subjects'], row['visited'],
                          row['distance_m']), (0, 2, 0, 0))
        self.assertEqual(self.world.ask('coverage', '--unit', COMMUNITY_2,
                                        '--from', self.day), [])
        self.assertEqual(self.world.try_(
            'coverage', '--from', '2026-10-02', '--to', '2026-10-01').code, 2)

    def test_of_how_many_households(self):
        self.a.do('visit', 'place=P-2', 'result=normal', 'grid=' + GRID,
                  'happened=' + utc(self.noon + 60000))
        self.a.sync()
        self.world.do('worker', 'add', 'wa2', '--name', 'n', '--role', 'worker',
                      '--unit', COMMUNITY)
        third, none = GRID[:-1] + '2', GRID[:-1] + '3'
        self.world.reference('territory', 'code,level,parent,name,households\n'
                             '%s,grid,%s,one,312\n%s,grid,%s,two,0\n'
                             '%s,grid,%s,three,40\n%s,grid,%s,four,\n' % (
                                 GRID, COMMUNITY, third, COMMUNITY,
                                 GRID_2, COMMUNITY_2, none, COMMUNITY))
        words = ('coverage', '--from', self.day, '--to', self.day)
        said = lambda *more: {row['unit']: (
            row['workers'], row['households_visited'], row['households'],
            row['households_units']) for row in self.world.ask(*words, *more)}
        one = {'told': 1, 'of': 1}
        # A grid where nobody went has a line: 0 of so many.
        alone = {GRID: (1, 2, 312, one), third: (0, 0, 0, one),
                 GRID_2: (0, 0, 40, one)}
        self.assertEqual(said(), alone)
        below = said('--below')
        self.assertEqual(below[DISTRICT], (1, 2, 352, {'told': 3, 'of': 4}))
        self.assertEqual(below[COMMUNITY], (1, 2, 312, {'told': 2, 'of': 3}))
        self.assertEqual(below[none], (0, 0, None, None))
        for grid in alone:
            self.assertEqual(below[grid], alone[grid])
        # Not above what is asked for; nor of another.
        self.assertEqual(set(said('--below', '--unit', COMMUNITY)),
                         {COMMUNITY, GRID, third, none})
        text = self.world.do(*words, '--below').out
        self.assertIn('2/352', text)
        # A newer file that says nothing of it takes it back.
        self.world.reference('territory', 'code,level,parent,name\n'
                             '%s,grid,%s,one\n' % (GRID, COMMUNITY))
        self.assertEqual(said()[GRID], (1, 2, None, None))

    def test_the_centre_knows_no_more_than_the_worker(self):
        self.a.incident('grid=' + GRID)
        self.a.sync()
        mine = self.a.one('mine')
        there, = self.world.ask('account', 'wa')
        self.assertEqual(there['patrols'], 1)
        self.assertEqual(there['unit'], GRID)
        for name in ('worker', 'patrols', 'distance_m', 'visits', 'reports',
                     'valid_reports'):
            self.assertEqual(there[name], mine[name], name)
        flags = lambda of: sorted((f['flag'], f['id'], f['count'],
                                   f['answered']) for f in of['flags'])
        self.assertEqual(flags(there), flags(mine))
        self.assertEqual(self.world.try_('account', 'nobody').code, 3)

    def test_an_evening_into_the_night_is_of_both_days(self):
        path = self.gpx(self.noon + 11 * 3600000 + 3500000, [(40, 0)])
        self.b.do('patrol', 'import', path, 'grid=' + GRID_2)
        self.b.sync()
        workers = lambda day: {w['worker'] for w in
                               self.world.ask('patrols', day)}
        self.assertEqual(workers(self.day), {'wa', 'wb'})
        self.assertEqual(workers(day_of(self.noon + 86400000)), {'wb'})

    def test_who_was_not_heard_of_longest_comes_first(self):
        self.world.worker('wc', 'worker', GRID_2)
        Agent(self.world, 'c', self.world.folder / 'c').do(
            'enrol', self.world.code('wc'))
        rows = self.world.ask('silent')
        self.assertEqual([r['worker'] for r in rows], ['wb', 'wa', 'wc'])
        silent, heard, never = rows
        self.assertIsNone(never['last_batch'])
        self.assertIn('nothing came', self.world.do('silent').out)
        self.assertLessEqual(abs(ms_of(heard['last_batch']) / 1000 -
                                 time.time()), 30)
        self.assertGreaterEqual(silent['silent_s'], heard['silent_s'])
        self.assertEqual((silent['unit'], silent['waiting']), (GRID_2, 0))
        self.b.incident()
        self.b.sync()
        rows = self.world.ask('silent')
        self.assertEqual([r['worker'] for r in rows], ['wa', 'wc', 'wb'])
        self.assertEqual([r['worker'] for r in self.world.ask(
            'silent', '--unit', COMMUNITY)], ['wa'])
        # the server's own chain is no device that could be silent; nor is one
        # that was revoked
        self.world.do('device', 'revoke', rows[2]['device'])
        self.assertEqual([r['worker'] for r in self.world.ask('silent')],
                         ['wa', 'wc'])


if __name__ == '__main__':
    main()
