// Scale measures the road past one machine: the made-up shop's records through one
// embedded Kith, and through one, two and four processes on a real Kafka and
// PostgreSQL, all on this machine. It is run by make bench-scale, after the servers
// were installed, and prints one JSON object on its last line.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/bench/conflict"
	"github.com/kithdata/kith/internal/servers"
)

// result is the last line.
type result struct {
	People      int                `json:"people"`
	Records     int                `json:"records"`
	Embedded    float64            `json:"embedded_records_per_second"`
	Scaled      map[string]float64 `json:"scaled_records_per_second"` // by number of processes
	Warehouse   map[string]float64 `json:"with_warehouse_records_per_second"`
	RoundTrips  float64            `json:"round_trips_per_batch"` // one process
	Bytes       map[string]float64 `json:"bytes_per_record"`      // of one process: on the network, on disk, in the state's table, in the write-ahead log
	Retries     map[string]float64 `json:"retries_per_batch"`
	CPU         map[string]float64 `json:"cpu_microseconds_per_record"` // of one process's run, by who used it
	Equal       bool               `json:"profiles_equal"`              // each run against its own log replayed into an embedded engine
	Differences []string           `json:"differences,omitempty"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	people := flag.Int("people", 10_000, "people of the made-up shop")
	processes := flag.String("processes", "1,2,4", "numbers of processes to run on the cluster")
	binary := flag.String("kith", "bin/kith", "the program")
	verify := flag.Bool("verify", true, "replay each log and compare")
	warehouse := flag.Bool("warehouse", true, "wait for the warehouse too")
	flag.Parse()

	bin, err := filepath.Abs(*binary)
	if err != nil {
		return err
	}
	root, err := os.MkdirTemp("", "kith-scale-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root) //nolint:errcheck // the system sweeps what is left
	load, err := invent(filepath.Join(root, "sources"), *people)
	if err != nil {
		return err
	}
	r := result{People: *people, Records: load.records, Scaled: map[string]float64{}, Warehouse: map[string]float64{}, Retries: map[string]float64{}, Equal: true}
	say("%d people, %d records of six sources", *people, load.records)

	b := &bench{root: root, bin: bin, load: load, verify: *verify, warehouse: *warehouse, out: &r}
	m, err := b.measure(ctx, "embedded", 1, "")
	if err != nil {
		return err
	}
	r.Embedded, r.Warehouse["embedded"] = m.perSecond, m.loadedPerSecond
	say("embedded: %s", m)

	say("starting PostgreSQL and three Kafka brokers")
	postgres, err := servers.StartPostgres(ctx, filepath.Join(root, "postgres"), servers.PostgresOptions{})
	if err != nil {
		return err
	}
	defer postgres.Stop() //nolint:errcheck // it goes with the process
	kafka, err := servers.StartKafka(ctx, filepath.Join(root, "kafka"), servers.KafkaOptions{Java: []string{"-XX:TieredStopAtLevel=4"}})
	if err != nil {
		return err
	}
	defer kafka.Stop() //nolint:errcheck // it goes with the process
	b.dsn = postgres.DSN("postgres")
	b.disks = map[string]string{"database": filepath.Join(root, "postgres"), "topics": filepath.Join(root, "kafka")}
	say("warming the servers up")
	warm := *b
	warm.verify, warm.warehouse, warm.out = false, false, &result{}
	if _, err := warm.measure(ctx, "warming up", 1, b.cluster(kafka, postgres, "warm")); err != nil {
		return err
	}
	b.runs = warm.runs
	for i, text := range strings.Split(*processes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-processes %q: numbers of processes, such as 1,2,4", *processes)
		}
		b.schema = "scale" + strconv.Itoa(i)
		if m, err = b.measure(ctx, fmt.Sprintf("cluster, %d", n), n, b.cluster(kafka, postgres, strconv.Itoa(i))); err != nil {
			return err
		}
		r.Scaled[text], r.Warehouse[text], r.Retries[text] = m.perSecond, m.loadedPerSecond, m.retriesPerBatch
		if n == 1 {
			r.RoundTrips, r.Bytes, r.CPU = m.tripsPerBatch, m.bytes, m.cpu
		}
		say("%d on Kafka and PostgreSQL: %s", n, m)
	}
	if err := conflict.Table(os.Stderr, conflict.Defaults(), conflict.ShortGrid()); err != nil {
		return err
	}
	line, err := json.Marshal(r, json.Deterministic(true))
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", line)
	if !r.Equal {
		return fmt.Errorf("a run differs from its log replayed: %s", strings.Join(r.Differences, "; "))
	}
	return nil
}

// cluster is the engine's part of a project, of topics and a schema of its own.
func (b *bench) cluster(kafka *servers.Kafka, postgres *servers.Postgres, name string) string {
	return fmt.Sprintf(clusterEngine, quoted(kafka.Bootstrap()), name, postgres.DSN("postgres"), name)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strconv.Quote(s)
	}
	return strings.Join(out, ", ")
}
