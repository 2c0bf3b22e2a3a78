"""A registration in the background; callers can wait for a step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from registry_conformance.judge.clients.registration import PlannedRegistration
from registry_conformance.judge.clients.sdk_registration import DIARY, STEPS, SdkRegistration
from registry_conformance.judge.expect import Mismatch, PreconditionFailed
from registry_conformance.judge.waiting import ENDLESS, awaited

_PAUSE = 0.02


class RegistrationProgress:
    """Starts a registration in the background when constructed."""

    def __init__(self, walk: PlannedRegistration) -> None:
        self.walk = walk
        self._diary = walk.developer.home / DIARY
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._coming = self._thread.submit(lambda: walk.sdk_registration)

    def until(self, step: str) -> None:
        """Wait until a step is done.

        Raises ``Mismatch`` if the registration failed in that step, ``PreconditionFailed`` if it failed before.
        """
        awaited(lambda: step in self._reached() or self._coming.done(), ENDLESS, pause=_PAUSE)
        if step in self._reached():
            return
        sdk_registration = self.end()
        if step in sdk_registration.reached:
            return
        failed = STEPS[len(sdk_registration.reached)]
        if failed == step:
            raise Mismatch(f"the step {step!r} to succeed", sdk_registration.problem)
        raise _stands_on(failed)

    def whole(self) -> SdkRegistration:
        """Return the complete registration; raise ``PreconditionFailed`` if a step failed."""
        sdk_registration = self.end()
        if sdk_registration.problem:
            raise _stands_on(STEPS[len(sdk_registration.reached)])
        return sdk_registration

    def end(self) -> SdkRegistration:
        """Return the registration when it has ended, complete or not."""
        sdk_registration = self._coming.result()
        self._thread.shutdown()
        return sdk_registration

    def _reached(self) -> list[str]:
        return self._diary.read_text().splitlines() if self._diary.exists() else []


def _stands_on(step: str) -> PreconditionFailed:
    return PreconditionFailed("the steps before this one to succeed", f"the step {step!r} failed")
