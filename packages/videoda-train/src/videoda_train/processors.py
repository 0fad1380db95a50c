"""How many processors this process may use, and threads that leave them to others while they wait.

Nothing here loads torch or OpenCV: both read their settings from the environment when they are loaded.
"""

import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path


def usable_cpus(
    *,
    affinity: int | None = None,
    cgroups: Path = Path("/sys/fs/cgroup"),
    membership: Path = Path("/proc/self/cgroup"),
) -> int:
    """Return the processors that this process may use, at least 1: the smaller of its affinity and its quotas.

    A container's quota (`docker --cpus`, a Kubernetes limit, Slurm's cgroups) does not show in the processor count.

    Args:
        affinity: processors that the process may run on; default: asked from the system.
        cgroups: where the control groups are mounted, of version 1 or 2.
        membership: which ones the process is in.
    """
    affinity = _affinity() if affinity is None else affinity
    # Rounded down: a thread more than the quota allows is stopped in the middle of a step, and all others wait for it.
    return max(1, min([affinity, *map(int, _quotas(cgroups, membership))]))


def _affinity() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count(
    environment: MutableMapping[str, str] | None = None, *, cpus: int | None = None, side_by_side: int = 1
) -> int:
    """Return the threads of each of `side_by_side` processes: `OMP_NUM_THREADS`, or a fair share if that is less.

    Args:
        environment: default: this process's.
        cpus: default: `usable_cpus()`.
        side_by_side: processes that share the processors.
    """
    asked = (os.environ if environment is None else environment).get("OMP_NUM_THREADS", "").split(",")[0].strip()
    share = max(1, (usable_cpus() if cpus is None else cpus) // side_by_side)
    return min(int(asked), share) if asked.isdigit() and int(asked) > 0 else share


def prepare_environment(
    environment: MutableMapping[str, str] | None = None, *, cpus: int | None = None, all_cpus: int | None = None
) -> None:
    """Set, before torch and OpenCV are loaded, how their threads wait and, under a quota, how many there are.

    What the user has set stays, but for a number of threads above the quota. Processes started later inherit it.

    Args:
        environment: default: this process's.
        cpus: processors that may be used; default: `usable_cpus()`.
        all_cpus: processors that torch and OpenCV count, who know of no quota; default: those it may run on.
    """
    environment = os.environ if environment is None else environment
    # Threads that spin at a barrier take the processor from those that they wait for, once anything else runs.
    if "OMP_WAIT_POLICY" not in environment:
        environment["OMP_WAIT_POLICY"] = "passive"
        environment.setdefault("KMP_BLOCKTIME", "0")  # LLVM's and Intel's OpenMP spin 200 ms all the same
    cpus = usable_cpus() if cpus is None else cpus
    all_cpus = _affinity() if all_cpus is None else all_cpus
    threads = thread_count(environment, cpus=cpus)
    if cpus < all_cpus or "OMP_NUM_THREADS" in environment:
        environment["OMP_NUM_THREADS"] = str(threads)
        environment.setdefault("OPENCV_FOR_THREADS_NUM", str(threads))


def _quotas(cgroups: Path, membership: Path) -> Iterator[float]:
    """Yield the quotas [processors] of the control groups that the process is in, and of those above them."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0":
            mount, read = cgroups, _quota_v2
        elif "cpu" in controllers.split(","):
            mount = cgroups / (controllers if (cgroups / controllers).is_dir() else "cpu")
            read = _quota_v1
        else:
            continue
        # In a container the path may be the host's, and its own group the mount itself.
        group = mount / path.strip("/")
        for place in (group, *group.parents):
            if place.is_relative_to(mount) and (quota := read(place)) is not None:
                yield quota


def _quota_v2(group: Path) -> float | None:
    words = _words(group / "cpu.max")
    return _ratio(words[0], words[1]) if len(words) == 2 else None


def _quota_v1(group: Path) -> float | None:
    quota, period = _words(group / "cpu.cfs_quota_us"), _words(group / "cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if len(quota) == len(period) == 1 else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _ratio(quota: str, period: str) -> float | None:
    """Return processors, or nothing where there is no limit (`max`, `-1`)."""
    if not (quota.isdigit() and period.isdigit() and int(quota) and int(period)):
        return None
    return int(quota) / int(period)
