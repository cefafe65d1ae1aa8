"""Programs of a test's own, by the names that it has for them."""

import subprocess


class Programs:
    """Those that run, each of which can be ended as a power cut ends it."""

    running: dict[str, subprocess.Popen[bytes]]

    def kill(self, name: str) -> None:
        """End one."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def end(self) -> None:
        """End them all."""
        for name in [*self.running]:
            self.kill(name)
