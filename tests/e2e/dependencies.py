#!/usr/bin/env python3
"""packaging/dependencies.sh, with a dpkg, an apt and a sudo that only take
notes: it asks for what is missing and nothing else, without questions, as root
or by way of a sudo that hands no environment on; and says so where neither is.
"""
import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ['XG_SOURCE'])
PROGRAMS = {
    'id': 'echo {uid}',
    'dpkg-query': 'for last; do :; done\n'
                  'case " {missing} " in *" $last "*) exit 1 ;; esac\n'
                  'printf "install ok installed"',
    'sudo': 'exec env -i PATH="$PATH" NOTES="{notes}" "$@"',
    'apt-get': 'echo "${{DEBIAN_FRONTEND:-asks}} $*" >>"{notes}"',
    'node': ':', 'npm': ':', 'env': 'exec /usr/bin/env "$@"',
}


class Dependencies(unittest.TestCase):
    def run_it(self, which='test', uid=0, missing='', sudo=True):
        """Its exit status, what it said, and what apt-get was asked."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            notes = folder / 'notes'
            notes.touch()
            for name, text in PROGRAMS.items():
                if name == 'sudo' and not sudo:
                    continue
                path = folder / name
                path.write_text('#!/bin/sh\n' + text.format(
                    uid=uid, missing=missing, notes=notes) + '\n')
                path.chmod(0o755)
            said = subprocess.run(
                ['/bin/sh', SOURCE / 'packaging/dependencies.sh', which],
                env={'PATH': str(folder)}, text=True, timeout=60,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return said.returncode, said.stdout, notes.read_text().splitlines()

    def test_nothing_is_missing(self):
        self.assertEqual(self.run_it(), (0, '', []))
        # Nor is it root that is needed then.
        self.assertEqual(self.run_it(uid=1000, sudo=False), (0, '', []))

    def test_what_is_missing_comes_without_questions(self):
        for uid in (0, 1000):
            code, _, asked = self.run_it(uid=uid, missing='gcc dbus')
            self.assertEqual(code, 0)
            self.assertEqual(len(asked), 2, asked)
            self.assertRegex(asked[0], r' update ')
            self.assertRegex(asked[1], r'^noninteractive install -y .* gcc dbus$')
        # What only the tests need is no part of the build.
        _, _, asked = self.run_it('build', missing='gcc dbus')
        self.assertRegex(asked[1], r' gcc$')

    def test_nobody_who_may(self):
        code, said, asked = self.run_it(uid=1000, missing='gcc', sudo=False)
        self.assertEqual((code, asked), (1, []))
        self.assertIn('gcc', said)
        self.assertEqual(self.run_it('everything')[0], 2)


if __name__ == '__main__':
    unittest.main(verbosity=2)
