# SPDX-License-Identifier: MIT
"""The messages of the program, as its sources hold them: first arguments of the calls
that set an error, as patterns. Left out: messages that are put together at run time."""
import glob
import os
import re

ROOMS = ("sim", "lua", "bench", "reports")
OTHERS = ("bench/micro", "bench/speed")  # programs of their own
# Call -> which argument is the format. Wrappers of err_set that take a whole message.
CALLS = {"err_set": 2, "luaL_error": 1, "luaL_argerror": 2, "shell_unsupported": 1,
         "shell_syntax": 1, "bad_duration": 1, "bad_port": 1}
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
CONVERSION = re.compile(r'%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j)?[a-zA-Z%]')
MACRO = re.compile(r'"\s*PRI[a-z]\d*\s*"')


def split_arguments(text, start):
    """Arguments of the call whose "(" is at start."""
    depth, at, begin, found = 0, start, start + 1, []
    while at < len(text):
        c = text[at]
        if c == '"':
            at = STRING.match(text, at).end()
            continue
        if c == "'":
            at += 3 + (text[at + 1] == "\\")
            continue
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        if (c == "," and depth == 1) or depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
        if depth == 0:
            return found
        at += 1
    return found


def strings(argument):
    """The literals an argument may be: one, or the arms of a "? :"."""
    argument = MACRO.sub("u", argument)
    arms = re.split(r'\s*[?:]\s*(?=")', argument) if "?" in argument else [argument]
    for arm in arms:
        parts = STRING.findall(arm)
        if parts and arm.lstrip().startswith('"'):
            yield bytes("".join(parts), "utf-8").decode("unicode_escape").encode(
                "latin-1").decode("utf-8")


def pattern(text):
    """What the text may look like when printed; None where it says nothing of its own."""
    if len(re.sub(r"[^A-Za-z]", "", CONVERSION.sub("", text))) < 4:
        return None
    parts = CONVERSION.split(text)
    return re.compile("[^\n]*?".join(re.escape(p) for p in parts))


def all_messages(top):
    """[(file, line, text, pattern)], sorted by place."""
    calls = re.compile(r"\b(" + "|".join(CALLS) + r")\(")
    found = []
    for room in ROOMS:
        for path in sorted(glob.glob(f"{top}/{room}/**/*.c", recursive=True)):
            if os.path.relpath(os.path.dirname(path), top) in OTHERS:
                continue
            with open(path) as f:
                text = f.read()
            for call in calls.finditer(text):
                arguments = split_arguments(text, call.end() - 1)
                place = CALLS[call.group(1)]
                if len(arguments) <= place:
                    continue
                for message in strings(arguments[place]):
                    matcher = pattern(message)
                    if matcher is not None:
                        found.append((os.path.relpath(path, top),
                                      text.count("\n", 0, call.start()) + 1, message,
                                      matcher))
    return found
