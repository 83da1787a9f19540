"""What hostile checkpoints hold."""


class Calls:
    """Pickles as a call of ``function`` with ``args``: what a hostile file does."""

    def __init__(self, function, *args, state=None):
        self.function, self.args, self.state = function, args, state

    def __reduce__(self):
        return (self.function, self.args) if self.state is None else (self.function, self.args, self.state)
