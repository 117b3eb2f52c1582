//go:build integration

package cluster_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/cluster"
	"github.com/kithdata/kith/internal/engine/enginetest"
)

var seq atomic.Int64

func TestDev(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for _, partitions := range []int32{1, 2, 5} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) {
			enginetest.Run(t, partitions, func(t *testing.T, o enginetest.Options) enginetest.Store {
				name := fmt.Sprintf("t%d_%d", os.Getpid(), seq.Add(1))
				dsn := "postgres://postgres@127.0.0.1:5499/postgres"
				t.Cleanup(func() {
					c, err := pgx.Connect(context.Background(), dsn)
					if err == nil {
						c.Exec(context.Background(), "drop schema "+name+" cascade")
						c.Close(context.Background())
					}
				})
				return enginetest.Store{Shared: true, Open: func(t *testing.T) *engine.Engine {
					t.Helper()
					log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
					e, err := cluster.Open(t.Context(), engine.ClusterConfig{
						Kafka:     engine.KafkaConfig{Brokers: k.ListenAddrs(), Prefix: name, Partitions: o.Partitions, TopicPartitions: o.TopicPartitions, Replication: 3},
						Postgres:  engine.PostgresConfig{DSN: dsn, Schema: name},
						LeaseTime: 2 * time.Second,
					}, cluster.Deps{Strict: true, Conflict: o.Conflict, Logger: log})
					if err != nil {
						t.Fatal(err)
					}
					return e
				}}
			})
		})
	}
}
