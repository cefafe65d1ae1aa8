"""What need not be kept: older releases with their images, logs, and settings."""

import shutil

from deploy.commands import Commands
from deploy.layout import Layout
from deploy.release import given_folder, release
from deploy.state import State
from deploy.tasks import OF_STACK

_KEPT_LOGS = 200


class Tidying:
    """Removes it. All raise OSError; `releases` raises DeployError too."""

    def __init__(self, layout: Layout, state: State, commands: Commands) -> None:
        """Where everything is, and what of it is needed."""
        self._layout = layout
        self._state = state
        self._commands = commands

    def settings(self) -> None:
        """Remove the copies that nothing needs any more: they hold passwords and keys.

        Those of what runs, ran before or is on its way stay.
        """
        places = (self._state.running, self._state.before, self._state.unfinished)
        names = {place.given for place in places if place}
        for folder in given_folder(self._layout).iterdir():
            if folder.name not in names:
                shutil.rmtree(folder)

    def releases(self) -> None:
        """Keep this version and the one before; the others can be sent again."""
        for log in sorted((self._layout.state / "log").iterdir())[:-_KEPT_LOGS]:
            log.unlink()
        places = [place for place in (self._state.running, self._state.before) if place]
        kept = {place.version for place in places}
        for folder in self._layout.releases.iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        for place in places:
            for image in release(self._layout, place).images:
                self._images(image.rpartition(":")[0], kept)

    def names(self) -> None:
        """Remove the secrets and configs that no service has; Swarm refuses those that one has."""
        for kind in ("secret", "config"):
            ours = ("--quiet", "--filter", f"label={OF_STACK}")
            for each in self._commands.ask("docker", kind, "ls", *ours).split():
                self._commands.succeeds("docker", kind, "rm", each)

    def _images(self, name: str, kept: set[str]) -> None:
        listed = self._commands.ask("docker", "image", "ls", "--format", "{{.Tag}}", name)
        for tag in listed.split():
            if tag not in kept:
                self._commands.succeeds("docker", "image", "rm", f"{name}:{tag}")
