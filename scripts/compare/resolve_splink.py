"""Splink on one file, for resolve.sh: clusters at each threshold, and what they took.

It writes DIR/THRESHOLD.csv (id,person_id) and beside each THRESHOLD.json, what it took. Time and processor time count from
the start of reading; starting Python and loading its libraries is left out, in Splink's favour.
"""

import argparse
import json
import logging
import resource
import sys
import time
from pathlib import Path

import duckdb
from resolve_models import MODELS
from splink import DuckDBAPI, Linker, SettingsCreator


def train(linker: Linker, model, label: str | None) -> None:
    training = linker.training
    training.estimate_probability_two_random_records_match(model.sure, recall=model.sure_recall)
    training.estimate_u_using_random_sampling(max_pairs=model.pairs_for_u, seed=1)
    if label:
        training.estimate_m_from_label_column(label)
        return
    for rule in model.train:
        try:
            training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=not model.train_with_frequencies
            )
        except ValueError as fault:  # a level that no pair of this rule has: the other rules go on, as a user would
            print(f"splink: {rule}: {fault}", file=sys.stderr)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("model", choices=MODELS)
    arguments.add_argument("file")
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("--id", required=True)
    arguments.add_argument("--label", required=True)
    arguments.add_argument("--from-labels", action="store_true", help="m is estimated from the truth")
    arguments.add_argument("--threshold", action="append", required=True)
    at = arguments.parse_args()
    logging.disable(logging.WARNING)

    def took() -> tuple[float, float]:
        return time.perf_counter() - started[0], time.process_time() - started[1]

    started = time.perf_counter(), time.process_time()
    model = MODELS[at.model]()
    db = duckdb.connect()
    db.read_csv(at.file, all_varchar=True, header=True).create("raw")
    db.execute(f"create table prepared as {model.prepare}")
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=at.id,
        comparisons=model.comparisons,
        blocking_rules_to_generate_predictions=model.propose,
    )
    linker = Linker(DuckDBAPI(db).register(db.table("prepared")), settings)
    train(linker, model, at.label if at.from_labels else None)
    pairs = linker.inference.predict(threshold_match_probability=min(map(float, at.threshold)))
    seconds, cpu = took()

    # Each threshold is charged with its own clusters alone.
    peak = 0
    for threshold in at.threshold:
        before = took()
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, float(threshold))
        people = clusters.as_duckdbpyrelation().select(f'"{at.id}" as id, cluster_id as person_id')
        people.write_csv(str(at.directory / f"{threshold}.csv"))
        after = took()
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        used = {
            "seconds": seconds + after[0] - before[0],
            "cpu_seconds": cpu + after[1] - before[1],
            "peak_memory_bytes": peak,
        }
        (at.directory / f"{threshold}.json").write_text(json.dumps(used))


if __name__ == "__main__":
    main()
