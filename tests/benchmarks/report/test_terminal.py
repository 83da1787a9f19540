"""What tools print fits a terminal of any width, with every word whole; in a pipe a row is a line."""

import io

import pytest

from benchmarks.report import listed, terminal

HEADERS = ["task", "method", "T", "drop (points)", "energy, of the ANN's"]
LINES = [
    ["fashion_resnet mini", "ours", "4", "-2.00 [-7.23, 3.38]", "0.18, 0.27, 0.85 (0.13 to 0.85)"],
    ["fashion_resnet mini", "adafire-signed", "16", "0.00 [-3.77, 3.77]", "1.00"],
]
WORDS = [word for line in [HEADERS, *LINES] for cell in line for word in cell.split()]


@pytest.fixture
def on(monkeypatch):
    """on(width): stdout is a terminal of that width, or none (None)."""

    def make(width):
        stream = io.StringIO()
        stream.isatty = lambda: width is not None
        monkeypatch.setattr("sys.stdout", stream)
        for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", str(width or 40))
        return stream

    return make


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("show", [terminal.print_table, terminal.print_aligned])
def test_no_word_is_cut_and_no_line_too_long(on, show, width):
    stream = on(width)
    show(HEADERS, LINES)
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= width and len(lines) > 4 + (width < 100)
    found = stream.getvalue().split()
    assert all(found.count(word) >= WORDS.count(word) for word in WORDS)


@pytest.mark.parametrize("show", [terminal.print_table, terminal.print_aligned])
def test_where_words_are_longer_than_the_terminal_lines_are_but_words_stay_whole(on, show):
    stream = on(30)
    show(HEADERS, LINES)
    assert all(word in stream.getvalue().split() for word in WORDS)


@pytest.mark.parametrize("show", [terminal.print_table, terminal.print_aligned])
def test_in_a_pipe_a_row_is_a_line_without_colours(on, show):
    stream = on(None)
    show(HEADERS, LINES)
    text = stream.getvalue()
    assert "\x1b" not in text and not any(line.endswith(" ") for line in text.splitlines())
    for cells in LINES:
        assert any(all(cell in line for cell in cells) for line in text.splitlines())


def test_sentences_break_between_words(on):
    for width, lines in ((20, 2), (None, 1)):
        stream = on(width)
        terminal.say("a sentence that is longer than one line")
        assert len(stream.getvalue().splitlines()) == lines


@pytest.mark.parametrize("width", [80, 120, 160, None])
def test_the_list_fits(on, width):
    stream = on(width)
    listed.show()
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= (width or 300)
    if width is None:
        assert any(line.split()[:4] == ["coco_yolo", "mini", "mini", "-"] for line in lines)
