"""Runs, measures and prints for resolve.sh, with one yardstick for every contender.

  resolve_measure.py run TOOK.json COMMAND...     its output passes; what it took goes to the file
  resolve_measure.py row DATASET CONTENDER TRUTH.csv ID LABEL CLUSTERS.csv TOOK.json [KITH_TOOK.json [KITH_SAID.json]]
  resolve_measure.py best TRUTH.csv ID LABEL CLUSTERS.csv...    the file with the best F1
"""

import csv
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path


def run(took: str, *command: str) -> None:
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    Path(took).write_text(
        json.dumps({
            "seconds": time.perf_counter() - started,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_memory_bytes": usage.ru_maxrss * 1024,
        })
    )
    sys.exit(os.waitstatus_to_exitcode(status))


def column(path: str, key: str, value: str) -> dict[str, str]:
    with open(path, newline="") as file:
        return {row[key]: row[value] for row in csv.DictReader(file)}


def pairs(sizes) -> int:
    return sum(n * (n - 1) // 2 for n in sizes)


def harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def quality(truth: dict[str, str], clusters: dict[str, str]) -> dict[str, float]:
    """Precision, recall and F1 over pairs of records; B-cubed as the F1 of its precision and recall,
    which are means over records (Bagga and Baldwin, 1998)."""
    if truth.keys() != clusters.keys():
        sys.exit("resolve_measure.py: the clusters do not hold the records of the set")
    found, true = Counter(clusters.values()), Counter(truth.values())
    both = Counter((clusters[record], label) for record, label in truth.items())
    right = pairs(both.values())
    precision = right / (pairs(found.values()) or 1)
    recall = right / (pairs(true.values()) or 1)
    return {
        "f1": harmonic(precision, recall),
        "b_cubed": harmonic(
            sum(n * n / found[cluster] for (cluster, _), n in both.items()) / len(truth),
            sum(n * n / true[label] for (_, label), n in both.items()) / len(truth),
        ),
        "precision": precision,
        "recall": recall,
    }


def best(truth: str, record: str, label: str, *files: str) -> None:
    known = column(truth, record, label)
    print(max(files, key=lambda file: quality(known, column(file, "id", "person_id"))["f1"]))


def row(dataset, contender, truth, record, label, clusters, took, kith_took=None, kith_said=None) -> None:
    measured = quality(column(truth, record, label), column(clusters, "id", "person_id"))
    if kith_said:
        said = json.loads(Path(kith_said).read_text().splitlines()[-1])["quality"]
        for name, value in measured.items():
            if abs(said[name] - value) > 1e-9:
                sys.exit(f"resolve_measure.py: kith says that {name} is {said[name]}, and it is {value}")
    used = json.loads(Path(took).read_text())
    ratios = ""
    if kith_took:
        kith = json.loads(Path(kith_took).read_text())
        ratios = "".join(f" {used[name] / kith[name]:7.1f}" for name in ("seconds", "cpu_seconds"))
    print(
        f"{dataset:<21} {contender:<34} {measured['f1']:.4f}  {measured['b_cubed']:.4f}   {measured['precision']:.4f}"
        f"     {measured['recall']:.4f} {used['seconds']:8.1f} {used['cpu_seconds']:8.1f} {used['peak_memory_bytes'] / 2**20:6.0f}{ratios}",
        flush=True,
    )


if __name__ == "__main__":
    {"run": run, "row": row, "best": best}[sys.argv[1]](*sys.argv[2:])
