"""Builds images: existing ones are kept, and the machine's secrets are in no layer."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from registry_conformance.judge.locations import DOCKER
from registry_conformance.judge.temporary import temporary_folder
from registry_conformance.lab.images.machine import BUILDKIT, BuildSecrets, client
from registry_conformance.lab.images.recipe import Base, Recipe, bases

BuildSay = Callable[[str], None]
_TAIL = 12


class BuildError(RuntimeError):
    """An image could not be built; the message has the end of the output, and what to do."""


class Builder:
    """Builds images with an engine's command-line client; ``offline`` creates base images from packages."""

    def __init__(self, say: BuildSay, *, offline: bool) -> None:
        self._say = say
        self._offline = offline
        self._docker = client()

    def build(self, recipes: Iterable[Recipe], *, again: bool = False) -> int:
        """Build what is missing, or everything with ``again``; return the number of builds.

        Raises ``BuildError``.
        """
        missing = [recipe for recipe in recipes if again or not self._is_there(recipe.tag)]
        if not missing:
            return 0
        with temporary_folder("build-images-") as place:
            self._secrets = BuildSecrets.gather(place)
            for base in dict.fromkeys(bases()[name] for recipe in missing for name in recipe.bases.values()):
                self._base(base)
            for recipe in missing:
                self._image(recipe)
        return len(missing)

    def _image(self, recipe: Recipe) -> None:
        self._say(f"building {recipe.tag} from docker/{recipe.folder} ...")
        arguments = recipe.build_arguments | {"VERSION": recipe.version}
        self._run_build(recipe.file, recipe.context, (recipe.tag, recipe.latest), arguments)

    def _base(self, base: Base) -> None:
        if self._is_there(base.tag):
            return
        self._say(f"making the base {base.tag} ({'mmdebstrap' if self._offline else base.debian}) ...")
        if self._offline:
            self._bootstrap(base)
        else:
            arguments = {"DEBIAN": base.debian, "PACKAGES": " ".join(base.packages)}
            self._run_build(DOCKER / "base" / "Dockerfile", DOCKER / "base", (base.tag,), arguments)

    def _bootstrap(self, base: Base) -> None:
        """Create a root file system with mmdebstrap and import it as an image."""
        leave_out = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale", "info")]
        made = ["mmdebstrap", "--variant=minbase", f"--include={','.join(base.packages)}", *leave_out, base.suite, "-"]
        with tempfile.TemporaryFile() as said:
            try:
                maker = subprocess.Popen(made, stdout=subprocess.PIPE, stderr=said)
            except FileNotFoundError as problem:
                raise BuildError("mmdebstrap is not installed: apt-get install mmdebstrap") from problem
            label = f'LABEL org.opencontainers.image.base.name="{base.suite} by mmdebstrap"'
            taken = subprocess.run(
                [self._docker, "import", "--change", label, "-", base.tag],
                stdin=maker.stdout, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert maker.stdout
            maker.stdout.close()
            if maker.wait() != 0:
                said.seek(0)
                subprocess.run([self._docker, "image", "rm", base.tag], capture_output=True, check=False)
                raise self._failed(base.tag, said.read().decode(errors="replace"))
        if taken.returncode != 0:
            raise self._failed(base.tag, taken.stderr)

    def _run_build(self, file: Path, context: Path, tags: Iterable[str], arguments: dict[str, str]) -> None:
        command = [*BUILDKIT, self._docker, "build", "--progress=plain", *self._secrets.options()]
        for tag in tags:
            command += ["--tag", tag]
        for name, value in arguments.items():
            command += ["--build-arg", f"{name}={value}"]
        command += ["--file", str(file), str(context)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise self._failed(next(iter(tags)), done.stdout + done.stderr)

    def _is_there(self, tag: str) -> bool:
        done = subprocess.run([self._docker, "image", "inspect", tag], capture_output=True, check=False)
        return done.returncode == 0

    def _failed(self, tag: str, said: str) -> BuildError:
        last = "\n  ".join(said.strip().splitlines()[-_TAIL:])
        remedy = ""
        if "No space left" in said or "no space left" in said:
            remedy = ": the disk is full; make room (docker system prune frees what no image uses)"
        elif not self._offline and ("registry" in said or "pull" in said or "lookup" in said):
            remedy = ": no image registry can be reached? Then: scripts/build-images --offline-bases"
        return BuildError(f"{tag} could not be built{remedy}\n  {last}")
