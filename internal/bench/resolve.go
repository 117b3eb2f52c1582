package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kithdata/kith/internal/people"
	"github.com/kithdata/kith/internal/resolve"
)

// resolving measures who is who in one file of made-up people, from the CSV to the result
// on disk, what agreement is worth being learned on the way.
func resolving(ctx context.Context, b *bench) ([]Figure, error) {
	dir, err := b.folder("resolve")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "people.csv")
	if err := writePeople(ctx, path, b.size.records); err != nil {
		return nil, err
	}
	records := float64(b.size.records)
	kith := func(ctx context.Context) (reading, error) {
		began, before := time.Now(), cpuTime()
		// The truth is a column that is told apart, and what is written is not measured by it.
		done, err := resolve.Run(ctx, resolve.Config{Files: []string{path}, ID: "record_id", Label: "person_id", Out: filepath.Join(dir, "out.csv")})
		if err != nil {
			return nil, err
		}
		if done.Records != b.size.records {
			return nil, fmt.Errorf("%d of %d records were read", done.Records, b.size.records)
		}
		r := reading{"records_per_second": records / time.Since(began).Seconds(), "cpu_us_per_record": (cpuTime() - before).Seconds() * 1e6 / records,
			"f1": done.Quality.F1, "b_cubed": done.Quality.BCubed}
		for phase, seconds := range done.SecondsByPhase {
			r[phase+"_seconds"] = seconds
		}
		return r, nil
	}
	bare := func(context.Context) (reading, error) {
		began := time.Now()
		if err := bareCSV(path, func([]string) error { return nil }); err != nil {
			return nil, err
		}
		return reading{"records_per_second": records / time.Since(began).Seconds()}, nil
	}
	got, err := b.inTurns(ctx, contender{"kith", kith}, contender{"raw-csv", bare})
	if err != nil {
		return nil, err
	}
	f := Figure{What: "records of made-up people, whose they are found out from the CSV alone", Unit: "records/s", Goal: 62_500, Measured: got[0]["records_per_second"], More: got[0]}
	delete(f.More, "records_per_second")
	f.More["records"] = records
	f.against("encoding/csv alone", got[1]["records_per_second"])
	return []Figure{f}, nil
}

// writePeople makes up records of people, as kith generate people does.
func writePeople(ctx context.Context, path string, records int) (err error) {
	rates, err := people.RatesOf("medium", nil)
	if err != nil {
		return err
	}
	made, err := people.New(people.Settings{Records: records, Seed: 1, Rates: rates})
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = made.Write(ctx, f, people.CSV, false, func(int) {})
	return err
}
