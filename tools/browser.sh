#!/bin/sh
# Installs Chromium and its driver for the tests of results/index.html, where this user may; says so where not.
# usage: sh tools/browser.sh
command -v chromedriver >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing Chromium for the tests of results/index.html (once; about a minute)"
    { apt-get update -qq && timeout 240 apt-get install -y -qq --no-install-recommends chromium chromium-driver; } >/dev/null 2>&1
fi
command -v chromedriver >/dev/null 2>&1 || echo "note: no Chromium, so the page is not tested: apt-get install chromium chromium-driver"
exit 0
