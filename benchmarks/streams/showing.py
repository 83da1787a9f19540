"""What measuring.py found, as a table, in words, as a plot and as an animation."""

import io

from .measuring import MODELS

_SHORT = {"horowitz-45nm": "float32", "horowitz-45nm-int8-acc32": "int8", "lemaire-45nm": "memories"}


def table(entries, metric):
    """(headers, lines) of entries."""
    headers = ["speed", "network", metric, "mAP50 against the ANN", "spikes", "additions", "MACs"]
    headers += [f"energy of the ANN's, {_SHORT[m]}" for m in MODELS]
    number = lambda value: "-" if value is None else f"{value:.3f}"
    large = lambda value: "-" if value is None else f"{value / 1e6:.3f} M"
    return headers, [
        [
            "-" if e.speed is None else f"{e.speed:g}",
            e.name,
            number(e.value),
            number(e.agreement),
            large(e.spikes),
            large(e.synops),
            large(e.macs),
            *(number(e.share.get(m)) for m in MODELS),
        ]
        for e in entries
    ]


def crossings(entries, method):
    """A sentence a rival and model: up to which speed the stream of ``method`` costs less than it."""
    rivals = list(dict.fromkeys(e.name for e in entries if e.name != method))
    found = []
    for model in MODELS:
        for rival in rivals:
            pairs = [
                (e.speed, e.energy_pj[model], r.energy_pj[model])
                for e in entries
                for r in entries
                if e.name == method and r.name == rival and r.speed == e.speed and model in r.energy_pj
            ]
            if not pairs:
                continue
            below = [speed for speed, mine, theirs in pairs if mine < theirs]
            if len(below) == len(pairs):
                where = "at every speed"
            elif not below:
                where = "at no speed"
            else:
                where = f"at {', '.join(f'{s:g}' for s in below)} pixels a frame, not at " + ", ".join(
                    f"{s:g}" for s, *_ in pairs if s not in below
                )
            found.append(f"{_SHORT[model]}: {method} costs less than {rival} {where}")
    return found


def plot(entries):
    """Bytes of a PNG: energy of a frame against speed, a panel a model."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, len(MODELS), figsize=(11, 3.2), sharey=True, layout="constrained")
    for panel, model in zip(panels, MODELS):
        for name in dict.fromkeys(e.name for e in entries):
            mine = [e for e in entries if e.name == name and model in e.share]
            panel.plot([e.speed for e in mine], [e.share[model] for e in mine], "o-", label=name, markersize=4)
        panel.set(xlabel="speed of the objects, pixels a frame", title=model)
        panel.grid(alpha=0.4)
    panels[0].set_ylabel("energy of a frame, of the ANN's")
    panels[-1].legend(fontsize=7)
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=130, metadata={"Software": None})
    plt.close(figure)
    return held.getvalue()


class Animation:
    """Frames with the boxes of the stream, and below each the spikes of the last frames; saved as an animated PNG."""

    WIDTH, STRIP = 384, 48

    def __init__(self, workload):
        self.workload, self.pictures, self.spikes = workload, [], []

    def see(self, image_id, prediction, report):
        """Add a frame."""
        from PIL import Image, ImageDraw

        with Image.open(self.workload.annotations.path(image_id)) as picture:
            frame = picture.convert("RGB")
        factor = self.WIDTH / frame.width
        frame = frame.resize((self.WIDTH, round(frame.height * factor)))
        canvas = Image.new("RGB", (frame.width, frame.height + self.STRIP), "white")
        canvas.paste(frame)
        pen = ImageDraw.Draw(canvas)
        for box, score, label in zip(prediction["boxes"], prediction["scores"], prediction["labels"]):
            if score >= 0.3:
                box = [float(v) * factor for v in box]
                name = self.workload.annotations.categories[self.workload.category_ids[int(label)]]
                pen.rectangle(box, outline="#e6740c", width=2)
                pen.text((box[0] + 3, box[1] + 2), f"{name} {score:.2f}", fill="#ffffff")
        self.spikes.append(report.spikes or 0.0)
        recent, most = self.spikes[-64:], max(self.spikes) or 1.0
        for k, value in enumerate(recent):
            x, height = 4 + 4 * k, round((self.STRIP - 18) * value / most)
            pen.rectangle([x, canvas.height - 2 - height, x + 2, canvas.height - 2], fill="#1f77b4")
        pen.text((4, frame.height + 2), f"{self.spikes[-1]:,.0f} spikes", fill="#000000")
        self.pictures.append(canvas)

    def save(self, path):
        """Write what was seen."""
        first, *rest = self.pictures
        first.save(path, save_all=True, append_images=rest, duration=100, loop=0)
