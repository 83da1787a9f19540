"""results/index.html in a real browser: filled, sortable, filterable, plots there, no error, nothing asked of a network."""

import json
import os
import time
from pathlib import Path

import pytest

from benchmarks.running.store import write_whole
from helpers.browser import SIZES, grave_findings, sized, started
from helpers.records import make, make_row

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    running = started()
    yield running
    running.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of records made for it: two families, six methods at four T, sites with rates."""
    from benchmarks.report.page import page

    sites = [{"site": "relu", "firing_rate": 0.25}, {"site": "relu2", "firing_rate": 0.0}]

    def method(name, k, **changes):
        rows = [
            make_row(
                t,
                0.3 + 0.02 * k + 0.01 * t,
                sites=sites,
                energy_pj={"horowitz-45nm": 1e6 * (k + t)},
                macs=0,
                synops_graded=1e5,
            )
            for t in (1, 2, 4, 8)
        ]
        return make(name, rows=rows, timesteps=[1, 2, 4, 8], **changes)

    names = ("burst", "adafire", "adafire-signed", "adafire-signed:relays=True", "ours", "dcgs")
    records = [make("ann"), make(status="failed", reason="RuntimeError: no", rows=[], method="opi")]
    for variant, changes in (
        ("mini", {}),
        ("other", {"task": "toy2", "family": "segmentation", "variant": "other"}),
        ("big", {"variant": "big", "split": "full"}),
        ("third", {"task": "toy3", "variant": "third"}),
    ):
        records += [method(name, k, **changes) for k, name in enumerate(names)]
    path = tmp_path_factory.mktemp("page") / "index.html"
    write_whole(path, page(records))
    return path


def open_page(browser, page, size, dark=False):
    sized(browser, size, dark)
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(page.as_uri())
    wait(browser, "return document.body.dataset.ready === 'yes'")


def wait(browser, script, seconds=30):
    end = time.monotonic() + seconds
    while not browser.execute_script(script):
        assert time.monotonic() < end, f"not within {seconds} s: {script}"
        time.sleep(0.05)


@pytest.mark.parametrize("size", SIZES)
def test_filled_without_errors_or_requests(browser, page, size):
    open_page(browser, page, size)
    rows = browser.execute_script("return grid.getDataCount('active')")
    assert rows == browser.execute_script("return ROWS.length") > 90
    assert browser.execute_script("return document.querySelectorAll('.tabulator-row').length") > 5
    assert browser.execute_script("return document.querySelectorAll('#by_timesteps .scatterlayer .trace').length") > 5
    assert browser.execute_script("return document.querySelectorAll('#by_energy .scatterlayer .trace').length") > 5
    wait(browser, "return document.querySelectorAll('#by_site .heatmaplayer image').length === 1")
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"), (
        "wider than the screen"
    )
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        m["params"]["request"]["url"].split(":")[0] for m in messages if m["method"] == "Network.requestWillBeSent"
    }
    assert "file" in asked and asked <= {"file", "data", "blob"}
    if os.environ.get("ADAFIRE_SCREENSHOTS"):
        browser.save_screenshot(str(Path(os.environ["ADAFIRE_SCREENSHOTS"]) / f"{size}.png"))


def test_sort_and_filter_work(browser, page):
    open_page(browser, page, "desktop")
    browser.find_element("css selector", ".tabulator-col[tabulator-field='value']").click()
    values = browser.execute_script("return grid.getData('active').map((r) => r.value)")
    assert values == sorted(values, key=lambda v: (v is None, v)), "rising, and what has no figure at the end"
    browser.find_element("css selector", ".tabulator-col[tabulator-field='value']").click()
    falling = browser.execute_script("return grid.getData('active').map((r) => r.value)")
    assert falling == sorted(falling, key=lambda v: (v is None, -(v or 0)))
    browser.find_element("id", "method").send_keys("adafire-signed")
    found = browser.execute_script("return grid.getData('active').map((r) => r.method)")
    assert 0 < len(found) < len(values) and "adafire-signed" in found
    assert all("adafire-signed" in method for method in found), "the method with options of its own stays, too"
    browser.execute_script("$('family').value = 'detection'; $('family').onchange()")
    found = browser.execute_script("return grid.getData('active').map((r) => r.family)")
    assert found and set(found) == {"detection"}
    browser.execute_script("$('timesteps').value = '4'; $('timesteps').onchange()")
    assert set(browser.execute_script("return grid.getData('active').map((r) => r.timesteps)")) == {4}


def test_burst_convention_and_theme_change_what_is_shown(browser, page):
    open_page(browser, page, "desktop")
    row = "return ROWS.find((r) => r.kind === 'snn' && r.longest_burst > 1).energy_shown"
    counted = browser.execute_script(row)
    browser.execute_script("$('burst').value = '1'; $('burst').onchange()")
    assert browser.execute_script(row) < counted, "a burst that counts once costs less"
    shown = "return getComputedStyle(document.body).backgroundColor"
    before = browser.execute_script(shown)
    browser.find_element("id", "theme").click()
    assert browser.execute_script(shown) != before
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_view_has_an_address_and_the_matrix_leads_to_tables(browser, page):
    open_page(browser, page, "desktop")
    first = browser.find_element("css selector", ".matrix td a")
    wanted = first.get_attribute("href").partition("#")[2]
    first.click()
    wait(browser, "return $('task').value !== '' && $('method').value !== ''")
    chosen = browser.execute_script("return [$('task').value, $('method').value, $('plotted').value]")
    assert all(
        word in browser.execute_script("return decodeURIComponent(location.hash).replace(/[+]/g, ' ')")
        for word in chosen[:2]
    ), wanted
    browser.execute_script("$('timesteps').value = '4'; $('timesteps').onchange()")
    address, count = browser.execute_script("return [location.hash, $('count').textContent]")
    browser.get("about:blank")
    browser.get(page.as_uri() + address)
    wait(browser, "return document.body.dataset.ready === 'yes'")
    wait(browser, f"return $('count').textContent === '{count}'")
    assert browser.execute_script("return [$('task').value, $('method').value, $('plotted').value]") == chosen
    assert set(browser.execute_script("return grid.getData('active').map((r) => r.timesteps)")) <= {4, None}
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_everybody_can_use_it(browser, page, size, dark):
    """axe-core: contrast, names of what can be operated, what a keyboard reaches; nothing serious."""
    open_page(browser, page, size, dark)
    wait(browser, "return document.querySelectorAll('#by_site .heatmaplayer image').length === 1")
    assert grave_findings(browser) == []
