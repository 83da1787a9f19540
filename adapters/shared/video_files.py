"""Video files, read frame by frame and written, by PyAV (the extra 'video'), which is imported when first needed.

All of a file is read once before it is used, so that what is wrong with it is said at once: it is cut off, or ends in the middle of
a frame, its size changes, its time stamps run backwards. Frames are then decoded when they are asked for, so that a film of any
length needs the room of two pictures.
"""

from pathlib import Path

from adafire.errors import InputError

ENDINGS = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".h264", ".ts")
"""Of files that are taken for videos where somebody gives a folder."""
AGAIN = "copy it again, or cut it before there"


def library():
    """PyAV; InputError, with what to type, where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise InputError(
            f"video files are read and written by PyAV, which is not installed ({error}); type: pip install 'adafire[video]', or make "
            "pictures of the frames and give their folder with --folder DIR"
        ) from error
    return av


class Video:
    """A video file. frames: how many there are, at most ``most``; size: (width, height); rate: frames a second, None where the file
    does not say. ``path(number)``: the frame ``number``, from 1, as a PNG below ``folder``; it is there until the next but one is
    asked for."""

    def __init__(self, path, folder, most=None):
        self.file, self.folder = Path(path), Path(folder)
        if not self.file.is_file():
            raise InputError(f"video file '{path}' is not there; give the file of a video")
        self.frames, self.size, self.rate = _looked_through(self.file, most)
        self._number, self._decoding = 0, None

    def path(self, number):
        """See above; InputError for a frame that is not there."""
        if not 1 <= number <= self.frames:
            raise InputError(f"frame {number} of video file '{self.file}' is asked for; it has 1 to {self.frames}")
        if self._decoding is None or number < self._number:
            self._number, self._decoding = 0, decoded(self.file)
        while self._number < number:
            frame, self._number = next(self._decoding), self._number + 1
            if self._number == number:
                self._at(number - 2).unlink(missing_ok=True)
                upright(frame).save(self._at(number), compress_level=1)
        return self._at(number)

    def _at(self, number):
        return self.folder / f"{number:06d}.png"


def decoded(path):
    """Iterator of the frames of a file, as PyAV has them; InputError where it is no video, or for what its end or a frame lacks."""
    av = library()
    number = 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise InputError(f"video file '{path}' holds no moving pictures; expected a video")
            stream = container.streams.video[0]
            for packet in container.demux(stream):
                frames = packet.decode()
                if packet.is_corrupt or any(frame.is_corrupt for frame in frames):
                    raise InputError(
                        f"video file '{path}' ends, or is damaged, in the middle of frame {number + 1}; {AGAIN}"
                    )
                for frame in frames:
                    number += 1
                    yield frame
    except av.error.FFmpegError as error:
        if number:
            raise InputError(
                f"video file '{path}' ends, or is damaged, in the middle of frame {number + 1} ({error.strerror}); {AGAIN}"
            ) from error
        raise InputError(
            f"video file '{path}' cannot be read as one ({error.strerror}); it is cut off, or no video: copy it again"
        ) from error


def upright(frame):
    """A frame of PyAV as a PIL picture, turned as the file says (telephones film on their side)."""
    picture = frame.to_image()
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _looked_through(path, most):
    """(frames, size, rate) of a file, of which all frames up to ``most`` were decoded."""
    number, size, before, last = 0, None, None, None
    for frame in decoded(path):
        number, now = number + 1, (frame.width, frame.height)[:: -1 if frame.rotation % 180 else 1]
        if size is not None and now != size:
            raise InputError(
                f"frame {number} of video file '{path}' has {now[0]} x {now[1]} pixels, those before it {size[0]} x {size[1]}: a stream "
                "has one size; cut the file there"
            )
        if frame.pts is not None and before is not None and frame.pts <= before:
            raise InputError(
                f"the time stamps of video file '{path}' run backwards: frame {number} at {frame.pts} comes after {before}; write it "
                "anew with another program"
            )
        size, before, last = now, frame.pts if frame.pts is not None else before, frame.time
        if number == most:
            break
    rate, told = _said(path, last)
    if number < (most or told) and number < told:
        raise InputError(
            f"video file '{path}' ends after frame {number} and says that it has {told}: it was cut off; {AGAIN}"
        )
    if number < 2:
        raise InputError(f"video file '{path}' holds {number} frames; expected two or more")
    return number, size, rate


def _said(path, last):
    """(rate, frames) that a file says it has, 0 where it does not; last: time of the last frame that is there, in seconds."""
    with library().open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate) if stream.average_rate else None
        told = stream.frames
        if not told and rate and container.duration and last is not None and len(container.streams) == 1:
            missing = container.duration / 1e6 - last - 1 / rate  # seconds
            told = round((last + missing) * rate) + 1 if missing > 1.5 / rate else 0
        return rate, told


class Writer:
    """A video file that pictures (PIL, all of one size) are added to; complete when closed. H.264, or MPEG-4 where that is not there."""

    def __init__(self, path, rate=10):
        from fractions import Fraction

        self.av, self.path, self.rate = library(), Path(path), Fraction(rate).limit_denominator(1001)
        self._work = self.path.with_name(f".{self.path.stem}.part{self.path.suffix}")
        self._container, self._stream = None, None

    def add(self, picture):
        """Add a frame; a column or row is left out where their number is odd, as the format wants it."""
        width, height = (side - side % 2 for side in picture.size)
        if self._container is None:
            codec = "libx264" if "libx264" in self.av.codecs_available else "mpeg4"
            self._container = self.av.open(str(self._work), "w")
            self._stream = self._container.add_stream(codec, rate=self.rate)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        frame = self.av.VideoFrame.from_image(picture.crop((0, 0, width, height)))
        self._container.mux(self._stream.encode(frame))

    def close(self):
        """Write what is left, and give the file its name."""
        if self._container is not None:
            self._container.mux(self._stream.encode())
            self._container.close()
            self._work.replace(self.path)
            self._container = None
