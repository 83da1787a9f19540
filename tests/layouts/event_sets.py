"""Published sets of event recordings: N-MNIST, N-Caltech101, CIFAR10-DVS, N-Cars, DVS128 Gesture, action recognition, DVS128 objects."""

import zlib

import numpy as np

from adapters.classification.data.image_sets import CIFAR10
from adapters.events.data.published_events import ACTIONS

from .event_files import aedat2, aedat3, atis_bin, prophesee_dat, put, recording
from .registry import layout

OBJECTS = ("Caixa", "Caneca", "Estilete", "Lapiseira", "Tesoura", "Celular", "Mouse")


@layout("nmnist")
def nmnist(folder, below="."):
    """Train/<digit>/<n>.bin and Test/<digit>/<n>.bin, 34 x 34 (Orchard et al., 2015); tonic keeps them ``below`` 'NMNIST'."""
    for part, number in (("Train", 2), ("Test", 1)):
        for digit in range(10):
            for k in range(1, number + 1):
                events = recording(100 * digit + k, 34, 34, 300_000)
                put(folder / below / part / str(digit) / f"{k:05d}.bin", atis_bin(events))
    return folder


@layout("ncaltech101")
def ncaltech101(folder, below="."):
    """Caltech101/<class>/image_<n>.bin: 100 classes and the background, up to 240 x 180 (Orchard et al., 2015);
    tonic keeps them ``below`` 'NCALTECH101'."""
    for kind in ["BACKGROUND_Google", "Faces_easy", *(f"class_{k:03d}" for k in range(99))]:
        for k in (1, 2):
            events = recording(hash_of(kind, k), 200, 150, 300_000, 120)
            put(folder / below / "Caltech101" / kind / f"image_{k:04d}.bin", atis_bin(events))
    return folder


@layout("cifar10dvs")
def cifar10dvs(folder):
    """<class>/cifar10_<class>_<n>.aedat of a DVS128 (Li et al., 2017)."""
    for name in CIFAR10:
        for k in range(3):
            put(folder / name / f"cifar10_{name}_{k}.aedat", aedat2(recording(hash_of(name, k), 128, 128, 1_200_000)))
    return folder


@layout("ncars")
def ncars(folder):
    """n-cars_{train,test}/{cars,background}/obj_<n>_td.dat, 100 ms of up to 120 x 100 (Sironi et al., 2018)."""
    for part in ("n-cars_train", "n-cars_test"):
        for name in ("cars", "background"):
            for k in range(4):
                events = recording(hash_of(part + name, k), 120, 100, 100_000)
                put(folder / part / name / f"obj_{k:06d}_td.dat", prophesee_dat(events))
    return folder


@layout("dvsgesture")
def dvsgesture(folder):
    """DvsGesture: user<n>_<light>.aedat (AEDAT 3.1), tables of 11 gestures each, and the lists of trials (Amir et al., 2017)."""
    place = folder / "DvsGesture"
    for part, users in (("train", (1, 2)), ("test", (24,))):
        names = [f"user{user:02d}_{light}" for user in users for light in ("fluorescent", "natural")]
        for name in names:
            put(place / f"{name}.aedat", aedat3(recording(hash_of(name, 0), 128, 128, 1_200_000, 2400)))
            rows = [f"{k},{100_000 * k},{100_000 * (k + 1) - 5_000}\n" for k in range(1, 12)]
            put(place / f"{name}_labels.csv", f"class,startTime_usec,endTime_usec\n{''.join(rows)}".encode())
        put(place / f"trials_to_{part}.txt", "".join(f"{name}.aedat\n" for name in names).encode())
    return folder


def dvsgesture_of_tonic(folder):
    """ibmGesture{Train,Test}/user<n>_<light>/<class>.npy below DVSGesture: x, y, polarity, ms, as tonic keeps them."""
    for part, user in (("Train", 1), ("Test", 24)):
        for label in range(11):
            events = recording(label, 128, 128, 90_000)
            table = np.stack([events["x"], events["y"], events["p"], events["t"] // 1000], 1).astype(float)
            put(folder / "DVSGesture" / f"ibmGesture{part}" / f"user{user:02d}_led" / f"{label}.npy", table)
    return folder


@layout("action")
def action(folder):
    """<action>/<recording>.aedat of a DAVIS346 (Miao et al., 2019), times in jAER's order."""
    for name in ACTIONS:
        for k in range(3):
            events = recording(hash_of(name, k), 346, 260, 3_000_000)
            put(folder / name / f"person{k + 1}_{k}.aedat", aedat2(events, camera="davis346"))
    return folder


@layout("recordings DVS128 objects")
def objects(folder):
    """occasion{1,2}_<Class>.aedat: half a second of each object, five of them on both occasions."""
    for occasion, names in ((1, OBJECTS), (2, OBJECTS[:5])):
        for k, name in enumerate(names):
            events = recording(10 * occasion + k, 128, 128, 520_000, 4000)
            put(folder / f"occasion{occasion}_{name}.aedat", aedat2(events))
    return folder


def hash_of(name, k):
    """A seed of a name and a number, the same everywhere."""
    return zlib.crc32(name.encode()) * 100 + k
