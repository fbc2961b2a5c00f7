#!/usr/bin/env python3
"""Who reads personal fields at the server leaves a trace, which is in the log
before anything is shown, and on no device."""
import fcntl
import json
import os
import signal
import subprocess

from lib_world import (BIN, COMMUNITY, GRID, Case, environment, main, need,
                       run, wait_until)

NAME, PHONE, WHY = '王桂英', '13905390001', '核实投诉-7731'
F_SETPIPE_SZ = 1031


class Accesses(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID),
               ('gh', 'community', COMMUNITY)]

    def setUp(self):
        super().setUp()
        self.world.worker('au', 'auditor', '371302')
        self.contact = self.a.one('contact', 'name=' + NAME, 'phone=' + PHONE,
                                  'grid=' + GRID)['id']
        self.case = self.a.incident('grid=' + GRID, 'address=桥下',
                                    'contact=' + self.contact)
        self.settle()

    def accesses(self, *words):
        return self.world.ask('accesses', *words)

    def refused(self, *words, code=2):
        answer = need(self.world.try_(*words), code)
        self.assertNotIn(NAME, answer.out + answer.err)
        self.assertNotIn(PHONE, answer.out + answer.err)
        return answer

    def test_without_a_reason_nothing_is_shown(self):
        for command in 'show', 'history', 'conflicts':
            self.assertIn('--why', self.refused(command, self.contact).err)
            self.refused(command, self.contact, '--as', 'wa')
            self.refused(command, self.contact, '--why', WHY)
            self.refused(command, self.contact, '--as', 'wa', '--why', '  ')
            self.refused(command, self.contact, '--as', 'zz', '--why', WHY,
                         code=3)
            self.refused(command, self.contact, '--as', 'server', '--why', WHY,
                         code=1)
            self.refused(command, self.contact, '--as', 'wa', '--why',
                         'x' * 2001)
        zh = run(BIN / 'xunge-server', 'show', self.world.data, self.contact,
                 '--lang', 'zh')
        self.assertEqual((zh.code, zh.out), (2, ''))
        self.assertIn('留痕', zh.err)
        self.assertEqual(self.accesses(), [])

    def test_what_is_not_sensitive_is_shown_as_before(self):
        for command in 'show', 'history':
            shown = self.world.do(command, self.case).out
            self.assertIn('桥下', shown)
            self.assertNotIn(NAME, shown)  # not as somebody's title either
        for words in ([], ['--json'], ['--format', 'csv'],
                      ['--format', 'csv', '--json']):
            listed = self.world.do('list', *words).out
            self.assertIn('桥下', listed)
            self.assertNotIn(NAME, listed)
            self.assertNotIn(PHONE, listed)
        rows = {r['id']: r for r in self.world.ask('list')}
        self.assertTrue(rows[self.contact]['withheld'])
        self.assertNotIn('withheld', rows[self.case])
        self.assertEqual(self.accesses(), [])

    def test_it_is_recorded_for_each_way(self):
        for n, command in enumerate(('show', 'history', 'conflicts'), 1):
            shown = self.world.do(command, self.contact, '--as', 'wa', '--why',
                                  WHY).out
            if command != 'conflicts':
                self.assertIn(NAME, shown)
            told = self.accesses(self.contact)
            self.assertEqual(len(told), n)
            self.assertEqual((told[-1]['how'], told[-1]['reader'],
                              told[-1]['why'], told[-1]['count'],
                              told[-1]['what'], told[-1]['valid']),
                             (command, 'wa', WHY, 1, [self.contact], True))
        self.assertIn(NAME, self.world.do('list', 'contact', '--as', 'gh',
                                          '--why', WHY, '--format',
                                          'csv').out)
        told = self.accesses('--by', 'gh')
        self.assertEqual([(t['how'], t['filter'], t['what']) for t in told],
                         [('list', 'list contact --format csv',
                           [self.contact])])
        # The case names the informant: who reads that, read the informant.
        self.assertIn(NAME, self.world.do('show', self.case, '--as', 'wb',
                                          '--why', WHY).out)
        self.assertEqual(self.accesses('--by', 'wb')[0]['what'],
                         [self.contact])
        self.assertEqual(self.accesses(self.case), [])
        told = self.world.do('accesses').out
        self.assertIn(WHY, told)
        self.assertIn('wb', told)
        self.sound()

    def test_parties_subjects_and_who_was_visited(self):
        for kind, *fields in (
                ('dispute', 'type=邻里', 'parties=' + NAME),
                ('subject', 'list=person', 'name=' + NAME),
                ('visit', 'place=p1', 'result=normal', 'subject=' + NAME)):
            one = self.a.one(kind, *fields)['id']
            self.settle(self.a, rounds=1)
            self.refused('show', one)
            self.assertIn(NAME, self.world.do('show', one, '--as', 'wa',
                                              '--why', WHY).out)
            self.assertEqual(len(self.accesses(one)), 1)
        plain = self.a.one('dispute', 'type=物业')['id']
        self.settle(self.a, rounds=1)
        self.assertIn('物业', self.world.do('show', plain).out)

    def test_on_no_device(self):
        """Whole pages are looked through by unit/test_access."""
        self.world.do('show', self.contact, '--as', 'gh', '--why', WHY)
        self.world.do('show', self.contact, '--as', 'au', '--why', WHY)
        self.settle()
        late = self.world.enrol('late', 'gh')
        for agent in [*self.agents, late]:
            for which in self.contact, self.case:
                for command in 'show', 'history':
                    said = agent.do(command, which, '--json').out
                    self.assertNotIn(WHY, said)
            found = subprocess.run(['grep', '-rla', WHY, str(agent.home)],
                                   capture_output=True, check=False)
            self.assertEqual(found.stdout, b'')
        self.sound(late)

    def test_an_auditors_own_are_shown_to_auditors(self):
        self.assertIn(NAME, self.world.do('show', self.contact, '--as', 'au',
                                          '--why', WHY).out)
        self.assertEqual(self.accesses(), [])
        self.assertEqual(self.accesses('--by', 'au'), [])
        self.assertEqual(self.accesses(self.contact), [])
        self.refused('accesses', '--as', 'wa', code=1)
        told = self.accesses('--as', 'au')
        self.assertEqual([(t['reader'], t['by_server'], t['why'])
                          for t in told], [('au', True, WHY)])
        # To list them is not to read a person's data: it ends here.
        self.assertEqual(self.accesses('--as', 'au'), told)

    def test_an_auditor_counts_them_in_the_log(self):
        for code in 'wa', 'au', 'wa':
            self.world.do('show', self.contact, '--as', code, '--why', WHY)
        key = self.world.ask('key')[0]
        for agent in self.agents:  # their word for it does not count
            agent.sync()
        self.assertEqual(self.world.stop(), 0)
        said = need(run(BIN / 'xunge-audit', 'verify', self.world.data, '--key',
                        key['log'], '--registrar', key['registrar'], '--lang',
                        'en', '--json'), 0).out
        self.assertEqual(json.loads(said)['counts']['accesses'], 3)

    def test_evidence_is_no_file_without_a_record(self):
        path = self.world.folder / 'e.html'

        def export(*words, code=0):
            return need(run(BIN / 'xunge-server', 'export', self.world.data,
                            path, '--lang', 'en', *words), code)
        self.assertIn('--why', export('--evidence', self.contact, code=2).err)
        self.assertFalse(path.exists())
        self.assertEqual(self.accesses(), [])
        export('--evidence', self.contact, '--as', 'wa', '--why', WHY)
        self.assertIn(NAME, path.read_text(encoding='utf-8'))
        told = self.accesses(self.contact)
        self.assertEqual([(t['how'], t['why'], t['filter']) for t in told],
                         [('evidence', WHY,
                           'export --evidence ' + self.contact)])
        path.unlink()
        export('--evidence', self.case)  # nothing personal in it
        path.unlink()
        self.assertEqual(len(self.accesses()), 1)
        out = run(BIN / 'xunge-server', 'export', self.world.data, '-',
                  '--evidence', self.contact, '--lang', 'en')
        self.assertEqual((out.code, out.out), (2, ''))

    def test_a_reader_with_a_key_signs(self):
        def as_gh(*words, password='a good password', code=0):
            return need(run(BIN / 'xunge-server', *words, '--lang', 'en',
                            '--password-fd', '0', stdin=password + '\n'), code)
        as_gh('operator', 'key', self.world.data, 'gh')
        answer = self.refused('show', self.contact, '--as', 'gh', '--why', WHY,
                              code=6)
        self.assertEqual(answer.out, '')
        words = ('show', self.world.data, self.contact, '--as', 'gh', '--why',
                 WHY)
        self.assertEqual(as_gh(*words, password='wrong one!', code=1).out,
                         '')
        self.assertEqual(self.accesses(), [])
        self.assertIn(NAME, as_gh(*words).out)
        told = self.accesses()
        self.assertEqual([(t['reader'], t['grade']) for t in told],
                         [('gh', 'proven')])
        self.world.do('show', self.contact, '--as', 'gh', '--why', WHY,
                      '--unsigned')
        self.assertEqual(self.accesses()[-1]['grade'], 'asserted')

    def killed_before_it_is_read(self):
        """Its output goes into a pipe that is full: by the time that the
        record is there, nothing was shown."""
        reads, writes = os.pipe()
        fcntl.fcntl(writes, F_SETPIPE_SZ, 4096)
        os.write(writes, b'.' * 4096)
        p = subprocess.Popen([BIN / 'xunge-server', 'show', self.world.data,
                              self.contact, '--as', 'wa', '--why', WHY],
                             stdout=writes, env=environment())
        os.close(writes)
        return p, reads

    def test_killed_after_the_record_and_before_it_is_shown(self):
        p, reads = self.killed_before_it_is_read()
        wait_until(self.accesses, what='the record')
        p.send_signal(signal.SIGKILL)
        p.wait()
        with os.fdopen(reads, 'rb') as f:
            self.assertEqual(f.read(), b'.' * 4096)
        self.assertEqual([t['why'] for t in self.accesses(self.contact)],
                         [WHY])
        self.sound()

    def test_without_a_running_server(self):
        self.assertEqual(self.world.stop(), 0)
        self.refused('show', self.contact)
        self.assertIn(NAME, self.world.do('show', self.contact, '--as', 'wa',
                                          '--why', WHY).out)
        told = self.accesses(self.contact)
        self.assertEqual([t['why'] for t in told], [WHY])
        self.world.do('check')
        self.world.do('rebuild')
        self.world.do('check')
        self.assertEqual(self.accesses(self.contact), told)

    def test_when_it_cannot_be_recorded_nothing_is_shown(self):
        self.assertEqual(self.world.stop(), 0)
        folder = self.world.data
        before = (folder / 'server.db').read_bytes()
        limit = 'ulimit -f 1; trap "" XFSZ; exec "$@"'
        answer = run('sh', '-c', limit, 'sh', BIN / 'xunge-server', 'show',
                     folder, self.contact, '--as', 'wa', '--why', WHY,
                     '--lang', 'en')
        self.assertNotEqual(answer.code, 0)
        self.assertNotIn(NAME, answer.out)
        self.assertNotIn(PHONE, answer.out)
        self.assertTrue(before)
        self.assertEqual(self.accesses(), [])
        self.world.do('check')

    def test_what_was_erased_is_open_again(self):
        self.world.worker('sv', 'supervisor', '371302')
        self.world.do('redact', self.contact, '--ground', 'g', '--as', 'sv',
                      '--yes')
        self.assertNotIn(NAME, self.world.do('show', self.contact).out)


if __name__ == '__main__':
    main()
