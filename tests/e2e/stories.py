#!/usr/bin/env python3
"""One story for each kind beside the incident, over real processes: who
records it, who else sees it and works on it, and how it ends. Afterwards
agents and server show the same."""
import random

from lib_world import COMMUNITY, DEPARTMENT, GRID, GRID_2, PHOTOS, Case, main

DISTRICT, STREET = '371302', '371302001'
BEFORE = '%s:before' % (PHOTOS / 'f1-exif.jpg')
AFTER = '%s:after' % (PHOTOS / 'f2-exif.jpg')


class Stories(Case):
    # a worker, b the other grid's worker, c community, d dispatcher,
    # e supervisor, f department
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID_2),
               ('co', 'community', COMMUNITY), ('di', 'dispatcher', DISTRICT),
               ('su', 'supervisor', DISTRICT), ('cg', 'handler', DEPARTMENT)]

    def entity(self, agent, kind, *words):
        return agent.one(kind, *words)['id']

    def status_of(self, agent, which):
        return agent.show(which)['status']

    def test_subject_visit_and_what_it_opens(self):
        """A person on the list is visited; an abnormal visit opens an
        incident, entered once."""
        subject = self.entity(self.a, 'subject', 'list=person', 'name=王某',
                              'every_days=30', 'because=独居老人')
        due = self.a.ask('due')
        self.assertIn(subject, [d['id'] for d in due])
        visit = self.entity(self.a, 'visit', 'of=' + subject, 'place=' + GRID,
                            'result=normal')
        self.assertNotIn(subject, [d['id'] for d in self.a.ask('due')])
        self.settle()
        self.assertEqual(self.same(visit, self.a, self.c)['fields']['of'],
                         subject)
        # The other grid's worker has no business with it.
        self.assertNotIn(subject, self.b.ids())

    def test_alarm_becomes_an_incident(self):
        alarm = self.entity(self.d, 'alarm', 'type=one_key',
                            'source_device=WB-0031', 'grid=' + GRID)
        self.settle()
        self.assertIn(alarm, self.a.ids())
        incident = self.a.incident('category=rescue', 'alarm=' + alarm,
                                   'channel=alarm', 'grid=' + GRID)
        self.a.do('set', alarm, 'incident=' + incident, 'outcome=real')
        self.settle()
        self.assertEqual(self.same(alarm, self.a, self.d)['fields']['incident'],
                         incident)
        self.assertEqual(self.same(incident, self.a, self.d)['fields']['alarm'],
                         alarm)

    def test_task_from_the_centre_to_a_grid(self):
        task = self.entity(self.d, 'task', 'title=排查气瓶', 'unit=' + GRID,
                           'due=2026-12-01T18:00')
        self.settle()
        self.assertIn(task, self.a.ids())
        self.assertNotIn(task, self.b.ids())
        self.assertEqual(self.status_of(self.a, task), 'dispatched')
        self.a.do('do', task, 'sign')
        self.a.do('do', task, 'finish', 'result=查了 42 户')
        self.settle()
        self.d.do('do', task, 'close', 'settled_level=grid')
        self.settle()
        self.assertEqual(self.same(task, self.a, self.d)['status'], 'closed')

    def test_notice_is_read_and_receipts_go_up_only(self):
        notice = self.entity(self.d, 'notice', 'title=防汛', 'text=今夜有大雨')
        self.settle()
        for agent in (self.a, self.b, self.c):
            self.assertIn(notice, agent.ids())
            agent.do('read', notice)
            agent.do('read', notice)  # twice is once
        self.settle()
        read = self.d.show(notice)['sets']['read']
        self.assertEqual(sorted(e['value'] for e in read), ['co', 'wa', 'wb'])
        # Who is below sees their own receipt, and nobody else's.
        self.assertEqual([e['value'] for e in
                          self.a.show(notice)['sets']['read']], ['wa'])
        self.sound()

    def test_campaign_counts_what_98_grids_found_once(self):
        """Two dens, 3,156 bottles, reported from 98 grids by two people who
        sync as they like; sent again, nothing counts twice."""
        campaign = self.entity(self.d, 'campaign', 'name=燃气整治',
                               'target=3000')
        self.settle()
        rng = random.Random(98)
        grids = ['%s%03d' % (STREET, i) for i in range(98)]
        left, tallies = 3156, []
        for i, grid in enumerate(grids):
            n = left if i == 97 else rng.randrange(0, 2 * left // (98 - i))
            left -= n
            tallies.append('%s:bottles:%d' % (grid, n))
        tallies += [grids[7] + ':dens:1', grids[70] + ':dens:1']
        rng.shuffle(tallies)
        for i in range(0, len(tallies), 10):
            who = (self.a, self.b)[i // 10 % 2]
            who.do('tally', campaign, *tallies[i:i + 10])
            if rng.random() < 0.4:
                who.sync()
        # One report was a mistake: taken out by name, and made again.
        self.a.do('tally', campaign, grids[3] + ':bottles:5000')
        mistake = [e for e in self.a.show(campaign)['sets']['tally']
                   if e['value']['number'] == 5000]
        self.a.do('set', campaign, 'tally-=%s:%d' % (
            mistake[0]['hash'], mistake[0]['index']))
        self.settle()
        for asker in (self.d.one, lambda *w: self.world.ask(*w)[0]):
            counted = asker('show', campaign)['counted']
            self.assertEqual(counted['items'], {'bottles': 3156, 'dens': 2})
            self.assertEqual(counted['grids'], 98)
        self.sound()

    def test_meeting_with_matters_settled(self):
        meeting = self.entity(self.a, 'meeting', 'topic=停车位', 'headcount=23',
                              'attendee=李某', 'result=东侧划线 12 个车位')
        self.c.do('sync')
        self.settle()
        self.c.do('note', meeting, '已报街道')
        self.settle()
        shown = self.same(meeting, self.a, self.c)
        self.assertEqual(shown['fields']['headcount'], 23)

    def test_dispute_through_three_levels(self):
        """The grid mediates and fails, the community fails, the district
        settles: level by level, and the level that settled it is on record."""
        dispute = self.entity(self.a, 'dispute', 'type=邻里', 'parties=甲；乙',
                              'complexity=hard', 'grid=' + GRID)
        self.a.do('set', dispute, 'session=第一次调解，未果')
        self.a.do('do', dispute, 'escalate', 'level=community')
        self.settle()
        self.c.do('do', dispute, 'accept')
        self.c.do('set', dispute, 'session=社区调解，未果')
        self.c.do('do', dispute, 'escalate', 'level=district')
        self.settle()
        self.d.do('do', dispute, 'file', 'case_number=2026-D-1')
        self.d.do('do', dispute, 'dispatch', 'unit=' + COMMUNITY)
        self.settle()
        self.c.do('do', dispute, 'sign')
        self.c.do('set', dispute, 'outcome=agreement')
        self.c.do('do', dispute, 'finish', 'result=达成协议')
        self.settle()
        self.d.do('do', dispute, 'close', 'settled_level=district')
        self.settle()
        shown = self.same(dispute, self.a, self.c, self.d)
        self.assertEqual((shown['status'], shown['fields']['settled_level']),
                         ('closed', 'district'))
        self.assertEqual(len(shown['sets']['session']), 2)
        self.assertEqual(self.d.show('2026-D-1')['id'], dispute)

    def test_assessment_with_appeal(self):
        """Who scored cannot decide the appeal of who was scored alone: another
        one than who appealed decides."""
        assessment = self.entity(self.d, 'assessment', 'subject=cg',
                                 'period=2026-11', 'basis=两次超期', 'score=82',
                                 'grid=' + DEPARTMENT)
        self.settle()
        self.f.do('do', assessment, 'appeal', 'why=一次为挂账期间')
        self.settle()
        refused = self.d.try_('do', assessment, 'rescore', 'score=90')
        self.assertEqual(refused.code, 1)  # without a reason
        self.e.do('do', assessment, 'rescore', 'score=90', 'why=核实无误')
        self.settle()
        shown = self.same(assessment, self.d, self.e, self.f)
        self.assertEqual((shown['status'], shown['fields']['score']),
                         ('confirmed', 90))


if __name__ == '__main__':
    main()
