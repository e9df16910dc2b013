#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cli.py ROOT CTOOL: everything that is made from a command's description says the same.

The JSON dump is what the others are held against: --help, the manual page in man/, the completion
and the parser know the same options, with help for each; every example, of a command, of a topic's
page and of README.md, is a command line that the parser takes. First each check is seen to fail,
on answers of ctool that were spoilt for the purpose.
"""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile


class Program:
    """ctool, with an empty home, so that no file of the caller's plays a part."""

    def __init__(self, path, spoil=None):
        self.path, self.spoil = path, spoil
        self.home = tempfile.TemporaryDirectory()
        self.env = {"HOME": self.home.name, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

    def __call__(self, *args):
        ran = subprocess.run([self.path, *args], env=self.env, text=True, capture_output=True,
                             stdin=subprocess.DEVNULL, timeout=30, check=False)
        out = self.spoil(args, ran.stdout) if self.spoil else ran.stdout
        return ran.returncode, out, ran.stderr


class Checker:
    def __init__(self, root, program, only=None):
        self.root, self.program, self.only = root, program, only
        self.complaints = []

    def expect(self, fine, complaint):
        if not fine:
            self.complaints.append(complaint)

    def same(self, where, wanted, found):
        for name in sorted(set(wanted) - set(found)):
            self.expect(False, f"{where}: {name} is missing")
        for name in sorted(set(found) - set(wanted)):
            self.expect(False, f"{where}: {name} is too much")

    def run(self):
        status, out, _ = self.program("help", "--format", "json")
        self.expect(status == 0, "ctool help --format json fails")
        dump = json.loads(out)
        for option in dump["globals"]:
            self.texts("ctool", option)
        commands = [c for c in dump["commands"] if not self.only or c["path"] in self.only]
        for command in commands:
            self.command(command)
        if not self.only:
            self.pages(dump)
            self.readme()
        return self.complaints

    # --- one command

    def command(self, c):
        where, path = f"ctool {c['path']}", c["path"].split()
        self.expect(c["summary"] and not c["summary"].endswith("."), f"{where}: its summary")
        for option in c["options"]:
            self.texts(where, option)
            self.parser(where, path, option)
        self.expect("unknown flag" in self.program("__parse", *path, "--no-such-option")[2],
                    f"{where}: the parser takes --no-such-option")
        if c["hidden"]:
            return
        self.expect(c["examples"], f"{where}: it has no example")
        self.help(where, path, c)
        self.page(where, c)
        self.completion(where, path, c)
        for example in c["examples"]:
            self.example(where, "ctool " + example["text"])

    def texts(self, where, o):
        name = f"{where} --{o['name']}"
        self.expect(o["help"], f"{name}: it has no help")
        self.expect(not o["help"].endswith("."), f"{name}: a full stop behind its help")
        self.expect(o["help"][:1] == o["help"][:1].upper(), f"{name}: its help begins small")

    def parser(self, where, path, o):
        names = [f"--{n}" for n in [o["name"], *o.get("aliases", [])]]
        names += [f"-{o['short']}"] if "short" in o else []
        for name in names:
            err = self.program("__parse", *path, name)[2]
            self.expect("unknown" not in err, f"{where}: the parser does not know {name}")
            takes = "needs an argument" in err
            stands = o.get("flag", False) or "implied" in o
            self.expect(takes != stands, f"{where}: {name} and its value")
        for value in o.get("values", []):
            err = self.program("__parse", *path, f"--{o['name']}={value}")[2]
            self.expect("invalid argument" not in err,
                        f"{where}: the parser refuses --{o['name']}={value}")

    def help(self, where, path, c):
        visible = {o["name"]: o for o in c["options"] if not o.get("hidden")}
        for called in [" ".join(path), *c["aliases"]]:
            status, out, err = self.program(*called.split(), "--help")
            self.expect(status == 0 and not err, f"ctool {called} --help fails")
        _, out, _ = self.program(*path, "--help")
        rows = {}
        for row in out.partition("\nOptions:\n")[2].splitlines():
            match = re.match(r"  (?:-(.), |    )--([\w-]+)(\S*)(.*)$", row)
            self.expect(match, f"{where} --help: a row that is none: {row}")
            if match:
                rows[match[2]] = (match[1], match[4])
        self.same(f"{where} --help", visible, rows)
        for name, (short, rest) in rows.items():
            o = visible.get(name, {"help": ""})
            self.expect(o.get("short") == short, f"{where} --help: the letter of --{name}")
            self.expect(o["help"] in rest, f"{where} --help: the help of --{name}")
            self.expect(f"(default {o.get('default')})" in rest or "default" not in o,
                        f"{where} --help: the default of --{name}")
        self.expect(f"\n  {c['usage']}\n" in out, f"{where} --help: its usage")
        for e in c["examples"]:
            self.expect(f"\n  ctool {e['text']}\n" in out, f"{where} --help: {e['text']}")

    def page(self, where, c):
        name = f"man/ctool-{c['path'].replace(' ', '-')}.1"
        try:
            with open(os.path.join(self.root, name), encoding="utf-8") as file:
                roff = file.read()
        except OSError:
            return self.expect(False, f"{where}: there is no {name}")
        text = plain(roff)
        options = text.partition("\n.SH OPTIONS\n")[2].partition("\n.SH ")[0]
        found = re.findall(r"^\.TP\n(?:-(.), )?--([\w-]+)", options, re.M)
        visible = {o["name"]: o for o in c["options"] if not o.get("hidden")}
        self.same(name, visible, [n for _, n in found])
        words = " ".join(text.split())
        for o in visible.values():
            self.expect(" ".join(o["help"].split()) in words, f"{name}: the help of --{o['name']}")
            self.expect((o.get("short", ""), o["name"]) in found, f"{name}: the letter of --{o['name']}")
        for e in c["examples"]:
            self.expect(f"\nctool {e['text']}\n" in text, f"{name}: the example {e['text']}")
        for alias in c["aliases"]:
            self.expect(f"\nctool {alias}" in text, f"{name}: the other name {alias}")

    def completion(self, where, path, c):
        def offered(*words):
            _, out, err = self.program("__complete", str(len(words) - 1), *words)
            self.expect(not err, f"{where}: completion says {err!r}")
            self.expect(out.rpartition("\n:")[1] or out.startswith(":"),
                        f"{where}: completion without a directive")
            return dict(line.split("\t") for line in out.splitlines()[:-1])

        visible = {o["name"]: o for o in c["options"] if not o.get("hidden")}
        found = offered(*path, "--")
        self.same(f"completion of {where}", ["--help", *(f"--{n}" for n in visible)], found)
        for name, o in visible.items():
            self.expect(found.get(f"--{name}") == o["help"], f"completion of {where}: the help of --{name}")
            words = [w["text"] for w in o.get("words", [])] + o.get("values", [])
            for word in words:
                typed = word.partition("=")[0] + "=" if "=" in word else word[:1]
                self.expect(f"--{name}={word}" in offered(*path, f"--{name}={typed}") or word == typed,
                            f"completion of {where}: --{name}={word}")
        parent, last = path[:-1], path[-1]
        self.expect(last in offered(*parent, last), f"completion of {where}: its own name")

    # --- examples

    def example(self, where, line):
        """What the shell would give ctool, up to a pipe, a redirection or the next command."""
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        runs = [[]]
        try:
            for word in lexer:
                if re.fullmatch(r"[|&;()]+", word):
                    runs.append([])
                elif re.fullmatch(r"[<>&]+", word):
                    runs[-1].append(None)
                elif runs[-1] and runs[-1][-1] is None:
                    runs[-1].pop()  # the file of a redirection
                else:
                    runs[-1].append(word)
        except ValueError as wrong:
            return self.expect(False, f"{where}: {line}: {wrong}")
        for words in runs:
            while words and re.match(r"[A-Z_]+=", words[0]):
                words.pop(0)
            if words[:1] == ["sudo"]:
                words.pop(0)
            if words[:1] != ["ctool"]:
                continue
            status, _, err = self.program("__parse", *words[1:])
            self.expect(status == 0 and not err, f"{where}: `{line}` does not parse: {err.strip()}")

    def pages(self, dump):
        wanted = {"ctool.1"} | {f"ctool-{g['path'].replace(' ', '-')}.1" for g in dump["groups"] if not g["hidden"]}
        wanted |= {f"ctool-{c['path'].replace(' ', '-')}.1" for c in dump["commands"] if not c["hidden"]}
        wanted |= {f"{t['page']}.{t['section']}" for t in dump.get("topics", [])}
        self.same("man/", wanted, os.listdir(os.path.join(self.root, "man")))
        self.conf_keys(dump)
        for topic in dump.get("topics", []):
            for line in topic["prose"].splitlines():
                if line.startswith("    $ ctool "):
                    self.example(topic["page"], line[6:])

    def conf_keys(self, dump):
        """The page of containers.conf names the keys that something asks for, and no other."""
        def source(*parts):
            for folder, _, names in os.walk(os.path.join(self.root, *parts)):
                for name in names:
                    if name.endswith(".cpp"):
                        with open(os.path.join(folder, name), encoding="utf-8") as file:
                            yield file.read()

        with open(os.path.join(self.root, "pkg/config/containers_conf.cpp"), encoding="utf-8") as file:
            known = re.findall(r'\{"\w+", "(\w+)", &Conf::(\w+)\}', file.read())
        code = "\n".join([*source("pkg", "engine"), *source("pkg", "network"), *source("cmd")])
        used = [name for name, field in known
                if re.search(r"[cC]onf[a-z_]*(\(\))*\)?(\.|->)" + field + r"\b", code)]
        page = next(t["prose"] for t in dump["topics"] if t["name"] == "containers.conf")
        described = []
        for line in page.splitlines():
            if " :: " in line:
                described += line.partition(" :: ")[0].split(", ")
        self.same("the page of containers.conf", used, described)

    def readme(self):
        with open(os.path.join(self.root, "README.md"), encoding="utf-8") as file:
            lines = re.findall(r"^(?:    )?\$ ((?:.*\| )?ctool .*)$", file.read(), re.M)
        self.expect(lines, "README.md: no example found")
        for line in lines:
            self.example("README.md", line)


def plain(roff):
    """A page's text, with its requests in place."""
    text = re.sub(r"\\f[BIR]", "", roff)
    for escape, character in (("\\-", "-"), ("\\(dq", '"'), ("\\&", ""), ("\\e", "\\")):
        text = text.replace(escape, character)
    return text


def on_dump(change):
    """Spoils the dump by `change`, which gets the description of `stop`."""
    def spoil(args, out):
        if args[:1] != ("help",):
            return out
        dump = json.loads(out)
        change(next(c for c in dump["commands"] if c["path"] == "stop"))
        return json.dumps(dump)
    return spoil


def on(first, old, new):
    """Spoils the answers to what begins with `first`, or has it as its last word."""
    def spoil(args, out):
        return out.replace(old, new) if first in (args[0], args[-1]) else out
    return spoil


def drop_option(c):
    del c["options"][0]


def add_option(c):
    c["options"].append({"name": "surprise", "value": "", "help": "Nobody knows it", "flag": True})


SPOILT = [
    ("has no help", on_dump(lambda c: c["options"][0].update(help=""))),
    ("full stop", on_dump(lambda c: c["options"][0].update(help="Something."))),
    ("is too much", on_dump(drop_option)),
    ("parser does not know --surprise", on_dump(add_option)),
    ("man/ctool-stop.1: surprise is missing", on_dump(add_option)),
    ("--help: surprise is missing", on_dump(add_option)),
    ("completion of ctool stop: --surprise is missing", on_dump(add_option)),
    ("no example", on_dump(lambda c: c.update(examples=[]))),
    ("does not parse", on_dump(lambda c: c["examples"].append({"text": "stop --nosuch x"}))),
    ("does not parse", on_dump(lambda c: c["examples"].append({"text": "ps | ctool rename one"}))),
    ("its usage", on_dump(lambda c: c.update(usage="ctool stop it"))),
    ("other name", on_dump(lambda c: c["aliases"].append("container end"))),
    ("--help: the help of --time", on("--help", "Time from", "Time after")),
    ("completion of ctool stop: the help of --all", on("__complete", "Stop every", "Start every")),
    ("and its value", on_dump(lambda c: next(o for o in c["options"] if o["name"] == "time").update(flag=True))),
    ("refuses", on_dump(lambda c: next(o for o in c["options"] if o["name"] == "time").update(values=["soon"]))),
]


def main():
    root, path = sys.argv[1], os.path.realpath(sys.argv[2])
    failed = False
    for text, spoil in SPOILT:
        found = Checker(root, Program(path, spoil), ["stop"]).run()
        if not any(text in complaint for complaint in found):
            print(f"cli.py does not see: {text}\nit says: {found}")
            failed = True
    complaints = Checker(root, Program(path)).run()
    print("\n".join(complaints))
    sys.exit(bool(failed or complaints))


main()
