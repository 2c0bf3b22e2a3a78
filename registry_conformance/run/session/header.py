"""The head of a run's output: target, versions, capabilities."""

from __future__ import annotations

from registry_conformance.judge.target.target import Target


def judged(target: Target) -> list[str]:
    """Return the lines about a target."""
    present = [name for name, capability in target.capabilities.items() if capability.present]
    lacking = [name for name, capability in target.capabilities.items() if not capability.present]
    doors = target.doors
    return [
        f"judged: {target.name} at {doors[0].url if doors else '(no door)'}, {len(doors)} doors",
        f"versions: {', '.join(f'{part} {what}' for part, what in target.versions.items())}",
        f"capabilities: {', '.join(sorted(present))}",
        *(
            [f"not available: {', '.join(sorted(lacking))}; the page says why, and which checks are skipped"]
            if lacking
            else []
        ),
    ]
