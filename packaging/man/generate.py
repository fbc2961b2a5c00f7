#!/usr/bin/env python3
"""Man pages of xunge-server and xunge-audit, and the completion of the latter,
made from what the programs say of themselves.

    generate.py BIN-FOLDER          write packaging/man/[zh_CN/]xunge-server.1
    generate.py BIN-FOLDER --check  exit 1 when they are not what it says now

(The page of xunge comes from `xunge` itself: one table makes help and page.)
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TITLES = {
    "en": ("NAME", "SYNOPSIS", "COMMANDS", "the merge server of Xunge",
           "FILES", "EXIT STATUS", "SEE ALSO"),
    "zh": ("名称", "用法", "命令", "巡格合并服务器", "文件", "退出码", "另见"),
}
FILES = {
    "en": [("log.key, device.key, registrar.key", "keys; keep a copy apart"),
           ("server.db", "everything received, and what is derived from it"),
           ("lock.db", "the newest published checkpoint: never change, never "
                       "restore from a copy"),
           ("witness.key, witness.db", "what this server cosigned of other "
                       "logs: the same"),
           ("tls/", "certificate and key made by init")],
    "zh": [("log.key、device.key、registrar.key", "密钥；请另存一份"),
           ("server.db", "收到的全部内容及其推导结果"),
           ("lock.db", "最新发布的检查点：不得改动，不得用旧副本恢复"),
           ("witness.key、witness.db", "为其他日志签过什么：同样不得用旧副本恢复"),
           ("tls/", "init 生成的证书和密钥")],
}


def ask(program, *words):
    return subprocess.run([program, *words], capture_output=True, text=True,
                          check=True, stdin=subprocess.DEVNULL).stdout


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def page(program, lang):
    name, synopsis, commands, what, files, status, also = TITLES[lang]
    top = ask(program, "--help", "--lang", lang).split("\n\n")
    out = ['.TH XUNGE\\-SERVER 1 "" "xunge"', f".SH {name}",
           f"xunge\\-server \\- {what}", f".SH {synopsis}",
           ".B xunge\\-server", ".I COMMAND DIR", "…", f".SH {commands}"]
    for line in top[1].splitlines():
        words = re.match(r"  ((?:\S+ )*?\S+)(?: \[?[A-Z].*?)?  ", line)
        command = [w for w in words.group(1).split() if w.islower()]
        own = ask(program, *command, "--help", "--lang", lang).split("\n\n")
        usage = own[0].split(" ", 1)[1]
        out += [f".SS {roff(usage)}", roff(own[1])]
        for option in own[2].splitlines():
            m = re.match(r"  (\S+(?: \S+)?)\s{2,}(.*)", option)
            if m and m.group(1).split()[0] not in ("--help", "--json", "--lang"):
                out += [".TP", f".B {roff(m.group(1))}", roff(m.group(2))]
    out += [f".SH {files}"]
    for file, meaning in FILES[lang]:
        out += [".TP", f".I {roff(file)}", roff(meaning)]
    out += [f".SH {status}", roff(" ".join(
        line.strip() for line in top[-1].splitlines()))]
    out += [f".SH {also}", ".BR xunge (1)"]
    return "\n".join(out).rstrip() + "\n"


AUDIT = {"en": "check a Xunge log, trusting nobody",
         "zh": "独立核对巡格日志，不信任任何一方"}


def audit_commands(program, lang):
    """name, usage, what it does, its options with their meaning."""
    top = ask(program, "--help", "--lang", lang).split("\n\n")
    for line in top[1].splitlines():
        name = line.split()[0]
        own = ask(program, name, "--help", "--lang", lang).split("\n\n")
        options = [re.match(r"  (--\S+(?: \S+)?)\s{2,}(.*)", o).groups()
                   for o in own[2].splitlines()]
        yield name, own[0].split(" ", 1)[1], own[1], options


def audit_page(program, lang):
    name, synopsis, commands, _, _, status, also = TITLES[lang]
    out = ['.TH XUNGE\\-AUDIT 1 "" "xunge"', f".SH {name}",
           f"xunge\\-audit \\- {AUDIT[lang]}", f".SH {synopsis}",
           ".B xunge\\-audit", ".I COMMAND SOURCE", "…", f".SH {commands}"]
    for _, usage, what, options in audit_commands(program, lang):
        out += [f".SS {roff(usage)}", roff(what)]
        for option, meaning in options:
            out += [".TP", f".B {roff(option)}", roff(meaning)]
    last = ask(program, "--help", "--lang", lang).split("\n\n")[-1].strip()
    out += [f".SH {status}", roff(last), f".SH {also}",
            ".BR xunge\\-server (1)"]
    return "\n".join(out) + "\n"


def audit_completion(program):
    names, cases = [], []
    for name, _, _, options in audit_commands(program, "en"):
        names.append(name)
        cases.append("    %s) words='%s' ;;" % (
            name, " ".join(o.split()[0] for o, _ in options)))
    return "\n".join([
        "# bash completion for xunge-audit",
        "_xunge_audit() {",
        "  local cur=${COMP_WORDS[COMP_CWORD]} words=",
        "  case ${COMP_WORDS[1]} in", *cases, "  esac",
        "  [[ $COMP_CWORD == 1 ]] && words='%s --help'" % " ".join(names),
        "  if [[ $cur == -* || $COMP_CWORD == 1 ]]; then",
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))",
        "  else", "    COMPREPLY=($(compgen -f -- \"$cur\"))", "  fi", "}",
        "complete -o filenames -F _xunge_audit xunge-audit", ""])


def main():
    programs = pathlib.Path(sys.argv[1])
    check = "--check" in sys.argv
    stale = []
    made = {}
    for lang, folder in (("en", HERE), ("zh", HERE / "zh_CN")):
        made[folder / "xunge-server.1"] = page(programs / "xunge-server", lang)
        made[folder / "xunge-audit.1"] = audit_page(programs / "xunge-audit",
                                                    lang)
    made[HERE.parent / "completion" / "xunge-audit"] = audit_completion(
        programs / "xunge-audit")
    for file, text in made.items():
        if check:
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                stale.append(str(file.relative_to(HERE.parent)))
        else:
            file.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"packaging/{name} is old: run packaging/man/generate.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
