"""A stream for people who would rather look: frames with what the network finds, and below each the spikes of the last frames."""

from collections import deque

from .families import FAMILIES

FILES = (".png", ".mp4")
"""Of an animation: an animated PNG, or a video by PyAV (the extra 'video')."""


class Animation:
    """Of the stream of a workload on a Film; ``see(Now)`` after every frame, ``save()`` at the end. A video is written frame by
    frame, a PNG at the end."""

    WIDTH, STRIP = 384, 48

    def __init__(self, workload, film, path):
        self.workload, self.film, self.path = workload, film, str(path)
        self.pictures, self.spikes, self.writer = [], deque(maxlen=64), None
        if self.path.endswith(".mp4"):
            from adapters.shared.video_files import Writer

            self.writer = Writer(path, film.rate or 10)

    def see(self, now):
        """Add a frame."""
        from PIL import Image, ImageDraw

        with Image.open(self.film.path(now.id)) as picture:
            frame = picture.convert("RGB")
        factor = self.WIDTH / frame.width
        frame = frame.resize((self.WIDTH, round(frame.height * factor)))
        paint = FAMILIES[self.workload.family].paint
        canvas = Image.new("RGB", (frame.width, frame.height + self.STRIP), "white")
        canvas.paste(paint(self.workload, frame, now.prediction, factor))
        pen = ImageDraw.Draw(canvas)
        self.spikes.append(now.report.spikes or 0.0)
        most = max(self.spikes) or 1.0
        for k, value in enumerate(self.spikes):
            x, height = 4 + 4 * k, round((self.STRIP - 18) * value / most)
            pen.rectangle([x, canvas.height - 2 - height, x + 2, canvas.height - 2], fill="#1f77b4")
        pen.text((4, frame.height + 2), f"{self.spikes[-1]:,.0f} spikes", fill="#000000")
        if self.writer:
            self.writer.add(canvas)
        else:
            self.pictures.append(canvas)

    def save(self):
        """Write what was seen."""
        if self.writer:
            self.writer.close()
            return
        first, *rest = self.pictures
        time_ms = round(1000 / self.film.rate) if self.film.rate else 100
        first.save(self.path, save_all=True, append_images=rest, duration=time_ms, loop=0)
