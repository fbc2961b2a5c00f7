#!/usr/bin/env python3
"""One case at the centre: what `xunge-server` says of it has the shapes that
`xunge` has on a device, so that one page draws both; what may be done is judged
before it is done, with the same words; intake; who must look at what."""
import json

from lib_world import COMMUNITY_2, GRID, Case, main

DISTRICT = '371302'


def shape(value):
    """Keys, all the way down; of a list what its items have in common."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return '.'


def keys(value):
    return set(value)


class ConsoleCase(Case):
    WORKERS = [('wa', 'worker', GRID), ('wb', 'worker', GRID)]

    def setUp(self):
        super().setUp()
        for worker in (('d1', 'dispatcher', DISTRICT),
                       ('h1', 'handler', COMMUNITY_2),
                       ('s1', 'supervisor', DISTRICT),
                       ('au', 'auditor', DISTRICT)):
            self.world.worker(*worker)

    def ask(self, *words, who='d1', code=0, why=None):
        more = ('--why', why) if why else ()
        return self.world.ask(*words, '--as', who, *more, code=code)

    def refused(self, *words, who='d1', code=1):
        """The refusal as a program reads it."""
        said = self.world.try_(*words, '--as', who, '--json')
        self.assertEqual(said.code, code, said.out + said.err)
        self.assertEqual(said.out, '')
        error = json.loads(said.err)
        self.assertEqual(error['exit'], code)
        self.assertTrue(error['text'])
        return error

    # ---- describe ----

    def test_describe_is_the_agents(self):
        here, there = self.a.one('describe'), self.ask('describe')[0]
        self.assertEqual(keys(here), keys(there))
        self.assertEqual(keys(here['me']) - {'device'}, keys(there['me']))
        for one in keys(here) - {'site', 'me', 'version', 'kinds'}:
            self.assertEqual(here[one], there[one], one)
        self.assertEqual(keys(here['site']), keys(there['site']))
        for mine, its in zip(here['kinds'], there['kinds'], strict=True):
            mine.pop('captured')
            captured = its.pop('captured')
            self.assertEqual(mine, its)
            self.assertEqual(captured, its['name'] in (
                'incident', 'dispute', 'meeting', 'subject', 'contact',
                'notice', 'task', 'campaign', 'assessment'), its['name'])
        me = there['me']
        self.assertEqual((me['worker'], me['role'], me['units']),
                         ('d1', 'dispatcher', [DISTRICT]))
        codes = [one['code'] for one in there['site']['people']]
        self.assertIn('wa', codes)

    def test_describe_says_when_it_is_the_same(self):
        first = self.ask('describe')[0]
        self.assertEqual(self.ask('describe', '--unless', first['version']),
                         [{'same': True}])
        self.assertNotEqual(self.ask('describe', who='h1')[0]['version'],
                            first['version'])
        self.world.worker('d9', 'dispatcher', DISTRICT)
        self.assertNotEqual(self.ask('describe')[0]['version'],
                            first['version'])

    def test_describe_of_other_roles(self):
        added = {one['name'] for one in self.ask('describe', who='h1')[0]['kinds']
                 if one['captured']}
        self.assertIn('incident', added)
        self.assertNotIn('notice', added)
        nobody = self.ask('describe', who='au')[0]
        self.assertFalse([one for one in nobody['kinds'] if one['captured']])
        self.assertEqual(nobody['me']['role'], 'auditor')
        self.assertIsNone(self.world.ask('describe')[0]['me'])
        self.assertEqual(self.refused('describe', who='xx', code=3)['error'],
                         'not-found')


if __name__ == '__main__':
    main()
