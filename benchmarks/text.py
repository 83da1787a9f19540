"""Text of strangers in what this project prints: records can come from anybody, so nothing in them may become markup, a
formula of a spreadsheet or a command of a terminal. Names keep to an alphabet that needs no escaping anywhere.
"""

import re
import unicodedata

LONGEST_NAME = 120
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _+.,:=()-]*")
_MARKUP = re.compile(r"[\\*`\[\]|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def safe_name(text):
    """``text`` itself if it can be a name (of a method, a metric, an energy model) in a record; ValueError otherwise.

    >>> safe_name("adafire+iat:phi_plus=8")
    'adafire+iat:phi_plus=8'
    """
    if len(text) > LONGEST_NAME or not _NAME.fullmatch(text):
        raise ValueError(f"a name of letters, digits and _ + - . , : = ( ), at most {LONGEST_NAME} of them")
    return text


def hexadecimal(text):
    """``text`` itself if it is a hash, 7 to 64 of 0-9 and a-f; ValueError otherwise."""
    if not re.fullmatch("[0-9a-f]{7,64}", text):
        raise ValueError("a hash, 7 to 64 of the characters 0-9 and a-f")
    return text


def visible(text):
    r"""``text`` with every character that is not seen (controls, line breaks aside; changes of direction) spelled out.

    >>> visible("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else ascii(c)[1:-1]
        for c in str(text)
    )


def markdown(text):
    r"""``text`` as it is read in one line of Markdown, in a cell of a table, too: no markup, no link, no second line.

    >>> markdown("[a](http://b) <i> c_d | *e*")
    '\\[a\\](http:&#47;&#47;b) &lt;i&gt; c_d \\| \\*e\\*'
    """
    text = visible(" ".join(str(text).split("\n")))
    text = "".join(_ENTITIES.get(c, c) for c in text)
    text = _MARKUP.sub(lambda found: "\\" + found[0], text)
    return text.replace("://", ":&#47;&#47;").replace("www.", "www&#46;")  # GitHub makes links of bare addresses


def csv_cell(value):
    """``value`` as a cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe.

    >>> csv_cell("=1+1"), csv_cell(-1.5), csv_cell("a")
    ("'=1+1", -1.5, 'a')
    """
    if not isinstance(value, str):
        return value
    text = visible(value)  # a bare carriage return would begin a row of its own
    return "'" + text if value.lstrip()[:1] in tuple("=+-@") else text


def placeless(text, places):
    """``text`` without paths of one machine, which mean nothing in a record: {path: what stands in its place}, the longest first.

    >>> placeless("no folder '/home/me/coco/train2017'", {"/home/me": "~", "/home/me/coco": "DIR"})
    "no folder 'DIR/train2017'"
    """
    for path, name in sorted(places.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(path, name)
    return text
