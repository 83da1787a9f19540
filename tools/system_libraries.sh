#!/bin/sh
# Installs the system libraries that Open3D and OpenCV load, where this user may; says what to type where not.
# usage: sh tools/system_libraries.sh PYTHON
PACKAGES="libusb-1.0-0 libgl1 libglib2.0-0 libgomp1 libx11-6"
works() { "$1" -c "import cv2, open3d" >/dev/null 2>&1; }
works "$1" && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing system libraries for Open3D: $PACKAGES"
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $PACKAGES; } >/dev/null 2>&1
fi
works "$1" || echo "note: Open3D does not load on this machine; 3D tasks need: sudo apt-get install $PACKAGES"
exit 0
