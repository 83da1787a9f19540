"""A headless Chromium, and axe-core's findings on the page that it shows."""

import shutil
from importlib.resources import files

import pytest

SIZES = {"desktop": (1400, 1000), "phone": (390, 844)}
GRAVE = ("serious", "critical")


def started():
    """A running browser (selenium); the test skips where there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed (pip install -e '.[test]')")
    from selenium.webdriver.chrome.service import Service

    program = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no Chromium with its driver on this machine (Debian: apt-get install chromium chromium-driver)")
    options = selenium.ChromeOptions()
    options.binary_location = program
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return selenium.Chrome(options=options, service=Service(driver))


def sized(browser, size, dark=False):
    """Give the browser a screen of ``SIZES``, and a system that likes it dark or light."""
    width, height = SIZES[size]
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        dict(width=width, height=height, deviceScaleFactor=1, mobile=size == "phone"),
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def grave_findings(browser):
    """['rule: what it is: elements'] of what axe-core calls serious or critical on the page that is shown."""
    pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (pip install -e '.[test]')")
    browser.execute_script((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    browser.set_script_timeout(120)
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done);"
    )
    assert len(found["passes"]) > 5, "axe-core looked at the page"
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] + ' ' + node['failureSummary'].splitlines()[-1].strip() for node in one['nodes'][:4]]} ({len(one['nodes'])})"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]
