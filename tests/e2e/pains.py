#!/usr/bin/env python3
"""What users of other programs complain of (docs/pains.md), driven with real
processes: the name of a test says the complaint that must not be true here."""
import json
import signal
import socket
import subprocess
import threading
import time

from lib_world import (BIN, COMMUNITY, GRID, PHOTOS, Case, environment, main)

RECEIVED = 'received'


class Line:
    """Passes a port on, and cuts the line after so many bytes that the server
    said (`limit`), or that it was told (`limit_told`); None: never. `told`,
    `said` and `calls` (connections) count; with `slow` each piece of 4 KB takes so many seconds."""

    def __init__(self, port, to):
        self.to, self.limit, self.said = to, None, 0
        self.limit_told, self.told, self.slow = None, 0, 0
        self.calls = 0
        self.listener = socket.create_server(('127.0.0.1', port))
        threading.Thread(target=self.accept, daemon=True).start()

    @classmethod
    def before(cls, case):
        """One that the devices of a test meet where its server was."""
        old = case.world.port
        case.world.stop()
        case.world.port = 0
        case.world.start()
        line = cls(old, case.world.port)
        case.addCleanup(line.close)
        return line

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            server = socket.create_connection(('127.0.0.1', self.to))
            for a, b, back in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.pump, args=(a, b, back),
                                 daemon=True).start()

    def pump(self, a, b, back):
        try:
            while data := a.recv(4096):
                time.sleep(self.slow)
                if back:
                    self.said += len(data)
                    if self.limit is not None and self.said > self.limit:
                        break
                else:
                    self.told += len(data)
                    if self.limit_told is not None and \
                            self.told > self.limit_told:
                        break
                b.sendall(data)
        except OSError:
            pass
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        a.close()

    def close(self):
        self.listener.close()


class Pains(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('ca', 'community', COMMUNITY)]

    def once(self, which):
        """It is here, there and everywhere, once, and so is each record."""
        everywhere = [agent.ask('list', '--all') for agent in self.agents]
        everywhere.append(self.world.ask('list'))
        for rows in everywhere:
            self.assertEqual([r['id'] for r in rows].count(which), 1)
        hashes = [r['hash'] for r in self.world.ask('history', which)]
        self.assertEqual(len(set(hashes)), len(hashes))
        return hashes

    # ---- 16: retries and races make duplicates ----

    def test_16_a_retry_after_a_lost_answer_makes_no_second_report(self):
        line = Line.before(self)
        self.a.sync()
        line.said = 0
        one = self.a.incident('address=东街')
        self.a.sync()
        whole = line.said
        self.settle()
        said = self.once(one)
        for i, part in enumerate((0.2, 0.5, 0.8, 0.95)):
            self.a.do('note', one, '第%d次' % i)
            line.said, line.limit = 0, int(whole * part)
            self.a.do('sync', '--json', '--max-time', '2',
                      code=(0, 3, 4, 5, 6))
            line.limit = None
            self.a.sync()
            self.assertEqual(self.a.show(one)['delivery'], RECEIVED)
        self.settle()
        self.assertEqual(len(self.once(one)), len(said) + 4)
        self.sound()

    def test_16_two_syncs_at_once_make_no_second_report(self):
        ids = [self.a.incident('address=%d号' % i) for i in range(8)]
        words = [BIN / 'xunge', '--home', self.a.home, 'sync']
        both = [subprocess.Popen([str(w) for w in words],
                                 env=environment(), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for _ in range(2)]
        for p in both:
            p.wait(60)
        self.settle()
        for one in ids:
            self.once(one)
        self.sound()

    def test_16_the_same_file_imported_twice_makes_no_second_report(self):
        lines = self.world.folder / 'lines.jsonl'
        lines.write_text(json.dumps(
            {'kind': 'incident', 'id': '热线-17', 'worker': 'wa',
             't': int(time.time()), 'category': 'fire', 'address': '东街'}) + '\n', 'utf-8')
        before = len(self.a.ids())
        for _ in range(2):
            self.a.do('import', lines)
        self.assertEqual(len(self.a.ids()), before + 1)

    # ---- 17: edited after a cancelled upload, refused for ever ----

    def test_17_an_edit_after_a_cancelled_upload_is_taken(self):
        line = Line.before(self)
        self.a.sync()
        for limit in (0, 2500, 4500):
            one = self.a.incident('address=旧', 'note=' + 'x' * 2000)
            line.said, line.limit = 0, limit
            p = subprocess.Popen(
                [str(BIN / 'xunge'), '--home', str(self.a.home), 'sync'],
                env=environment(), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            time.sleep(0.3)
            if p.poll() is None:
                p.send_signal(signal.SIGINT)
            p.wait(60)
            line.limit = None
            self.a.do('set', one, 'address=新')
            self.settle()
            self.assertEqual(self.same(one)['fields']['address'], '新')
            self.assertEqual(self.a.show(one)['delivery'], RECEIVED)
            self.assertEqual(self.same(one)['conflicts'], 0)
        self.sound()

    # ---- 18: updates out of order ----

    def test_18_many_edits_made_offline_are_no_conflict_and_keep_their_order(
            self):
        one = self.a.incident('address=零', 'grid=' + GRID)
        self.settle()
        for i in range(6):
            self.b.do('set', one, 'address=第%d处' % i)
        self.a.do('set', one, 'urgency=urgent')
        self.a.sync()
        self.settle(self.b, self.a)
        shown = self.same(one, self.a, self.b)
        self.assertEqual(shown['fields']['address'], '第5处')
        self.assertEqual(shown['fields']['urgency'], 'urgent')
        for ask in (self.a.ask, self.b.ask, self.world.ask):
            self.assertEqual(ask('conflicts'), [])

    # ---- 19, 20: conflicts ----

    def conflict(self):
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.settle()
        self.a.do('set', one, 'address=乙')
        self.b.do('set', one, 'address=丙')
        self.settle()
        return one

    def test_19_it_is_told_which_were_in_conflict_and_who_chose(self):
        one = self.conflict()
        for name, ask in (('a', self.a.ask), ('server', self.world.ask)):
            row, = ask('conflicts', code=5)
            self.assertEqual(row['id'], one, name)
            self.assertEqual({(s['author'], s['value'])
                              for s in row['sides']},
                             {('wa', '乙'), ('wb', '丙')}, name)
        self.b.do('resolve', one, 'address', '--value', '丁', '--why', '现场核对')
        self.settle()
        for ask in (self.a.ask, self.b.ask, self.world.ask):
            self.assertEqual(ask('conflicts'), [])
            rows = [r for r in ask('history', one) if '现场核对' in str(r)]
            self.assertEqual([r['author'] for r in rows], ['wb'])
            for value in ('甲', '乙', '丙', '丁'):  # nothing is gone
                self.assertIn(value, str(ask('history', one)))

    def test_20_a_conflict_makes_no_copies(self):
        before = len(self.world.ask('list'))
        one = self.conflict()
        for rows in (self.a.ask('list', '--all'), self.b.ask('list', '--all'),
                     self.world.ask('list')):
            self.assertEqual(len(rows), before + 1)
            self.assertEqual([r['id'] for r in rows].count(one), 1)

    # ---- 21: what others take back disappears ----

    def test_21_what_another_withdraws_stays_to_be_seen(self):
        one = self.a.incident('address=甲', 'grid=' + GRID, 'note=看过')
        self.a.do('photo', one, PHOTOS / 'f1-exif.jpg', '--role', 'near')
        self.settle()
        self.b.do('withdraw', one, '--why', '误报')
        self.settle()
        self.assertTrue(self.same(one)['withdrawn'])
        shown = self.a.show(one)
        self.assertEqual(shown['fields']['address'], '甲')
        self.assertIn('看过', str(shown['sets']))
        self.assertIn(one, self.a.ids())
        self.assertIn('误报', str(self.a.ask('history', one)))
        self.sound()

    # ---- the same thing twice ----

    def test_the_same_photo_twice_is_two_elements_and_no_refusal(self):
        one = self.a.incident('grid=' + GRID)
        for _ in range(2):
            self.a.do('photo', one, PHOTOS / 'f1-exif.jpg', '--role', 'near')
        self.settle()
        self.b.do('photo', one, PHOTOS / 'f1-exif.jpg', '--role', 'near')
        self.settle()
        photos = self.same(one)['sets']['photo']
        self.assertEqual(len(photos), 3)
        self.assertEqual(self.a.show(one)['delivery'], RECEIVED)
        self.sound()

    def test_two_who_withdraw_at_once_agree(self):
        one = self.a.incident('grid=' + GRID)
        self.settle()
        self.a.do('withdraw', one, '--why', '误报')
        self.b.do('withdraw', one, '--why', '重复')
        self.settle()
        self.assertTrue(self.same(one)['withdrawn'])
        for ask in (self.a.ask, self.world.ask):
            self.assertEqual(ask('conflicts'), [])

    def test_reopened_while_it_was_edited_both_hold(self):
        one = self.a.incident('address=甲', 'grid=' + GRID)
        self.a.do('do', one, 'self_handle', '--why', '当场清走')
        self.settle()
        self.c.do('do', one, 'reopen', 'why=又堆上了')
        self.b.do('set', one, 'address=乙')
        self.a.do('note', one, '已复查')
        self.settle()
        shown = self.same(one)
        self.assertEqual((shown['status'], shown['fields']['address']),
                         ('accepted', '乙'))
        self.assertIn('已复查', str(shown['sets']))
        for ask in (self.a.ask, self.world.ask):
            self.assertEqual(ask('conflicts'), [])


if __name__ == '__main__':
    main()
