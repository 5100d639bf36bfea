"""Valhalla's side of the bench: run by the Python that has it, with nothing else of this project.

    python valhalla_side.py QUESTIONS.json

The file names an extract, a folder to work in, and positions as (latitude, longitude). Prints one JSON object: times in
milliseconds of CPU and of the clock, medians of each.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import valhalla  # type: ignore[import-not-found] # an option of the bench, in an environment of its own
from valhalla import get_config

ROUTES = 120
FIRST = 20  # answers not counted, while tiles come into memory


def timed(ask: Callable[[int], Any], times: int, unmeasured: int = 1) -> tuple[float, float, int]:
    """Medians in milliseconds of CPU and clock, and how many questions were answered."""
    cpu, clock = [], []
    for k in range(times + unmeasured):
        begin_cpu, begin = time.process_time(), time.perf_counter()
        try:
            ask(k)
        except RuntimeError:
            continue  # Valhalla found no way
        if k >= unmeasured:
            cpu.append((time.process_time() - begin_cpu) * 1000)
            clock.append((time.perf_counter() - begin) * 1000)
    return (median(cpu), median(clock), len(cpu)) if cpu else (float("nan"), float("nan"), 0)


def main() -> None:
    """Build tiles, then ask."""
    questions = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder = Path(questions["folder"])
    (folder / "tiles").mkdir(parents=True)
    (folder / "tiles.tar").touch()
    config = get_config(tile_extract=str(folder / "tiles.tar"), tile_dir=str(folder / "tiles"), verbose=False)
    config["mjolnir"]["concurrency"] = 1
    config["service_limits"]["auto"]["max_matrix_location_pairs"] = 100_000
    config["service_limits"]["auto"]["max_matrix_distance"] = 1e7
    (folder / "valhalla.json").write_text(json.dumps(config), encoding="utf-8")
    build = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    begin = time.perf_counter()
    subprocess.run(
        [build, "-c", folder / "valhalla.json", questions["extract"]], check=True, capture_output=True, cwd=folder
    )
    build_s = time.perf_counter() - begin
    os.chdir(folder)
    actor = valhalla.Actor(config)

    at = [{"lat": latitude, "lon": longitude} for latitude, longitude in questions["positions"]]
    costing = {"costing": "auto", "directions_type": "none", "units": "kilometers"}

    def route(k: int) -> Any:
        return actor.route({"locations": [at[2 * k], at[2 * k + 1]], **costing})

    def matrix(sources: int, targets: int) -> Any:
        asked = {"sources": at[:sources], "targets": at[50 : 50 + targets], "costing": "auto"}
        return actor.matrix(asked)

    found = {
        "build_s": build_s,
        "route": timed(route, ROUTES, FIRST),
        "one_to_20": timed(lambda _: matrix(1, 20), 7),
        "fifty": timed(lambda _: matrix(50, 50), 5),
        "isochrone": timed(
            lambda k: actor.isochrone(
                {"locations": [at[k]], "costing": "auto", "contours": [{"time": 5}, {"time": 10}], "polygons": True}
            ),
            7,
        ),
        "rss_mb": int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        * os.sysconf("SC_PAGE_SIZE")
        / 2**20,
        "version": getattr(valhalla, "__version__", "unknown"),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
