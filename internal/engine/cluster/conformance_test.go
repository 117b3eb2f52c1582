//go:build integration

package cluster_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/cluster"
	"github.com/kithdata/kith/internal/engine/enginetest"
	"github.com/kithdata/kith/internal/servers"
)

// The servers of all tests here: a PostgreSQL, and a Kafka of three brokers.
var (
	database *servers.Postgres
	kafka    *servers.Kafka
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		dir, err := os.MkdirTemp("", "kith-servers-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // the system sweeps what is left
		if database, err = servers.StartPostgres(ctx, filepath.Join(dir, "postgres"), servers.PostgresOptions{Secure: true}); err != nil {
			panic(err)
		}
		defer database.Stop() //nolint:errcheck // it goes with the process
		if kafka, err = servers.StartKafka(ctx, filepath.Join(dir, "kafka"), servers.KafkaOptions{Secure: true, Proxied: true}); err != nil {
			panic(err)
		}
		defer kafka.Stop() //nolint:errcheck // it goes with the process
		return m.Run()
	}())
}

var stores atomic.Int64

// newConfig names topics and a schema of its own, which go when t ends.
func newConfig(t *testing.T) engine.ClusterConfig {
	t.Helper()
	name := fmt.Sprintf("test%d", stores.Add(1))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		c, err := pgx.Connect(ctx, database.DSN("postgres"))
		if err == nil {
			_, err = c.Exec(ctx, "DROP SCHEMA IF EXISTS "+name+" CASCADE")
			_ = c.Close(ctx)
		}
		if err != nil {
			t.Error(err)
		}
	})
	return engine.ClusterConfig{
		Kafka:     engine.KafkaConfig{Brokers: kafka.Bootstrap(), Prefix: name, Partitions: 2, TopicPartitions: 2},
		Postgres:  engine.PostgresConfig{DSN: database.DSN("postgres"), Schema: name},
		LeaseTime: 2 * time.Second,
	}
}

func open(t *testing.T, cfg engine.ClusterConfig, deps cluster.Deps) *engine.Engine {
	t.Helper()
	deps.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	e, err := cluster.Open(t.Context(), cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestConformance(t *testing.T) {
	for _, partitions := range []int32{1, 3} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) {
			enginetest.Run(t, partitions, func(t *testing.T, o enginetest.Options) enginetest.Store {
				known := goleak.IgnoreCurrent()
				t.Cleanup(func() { goleak.VerifyNone(t, known) })
				cfg := newConfig(t)
				cfg.Kafka.Partitions, cfg.Kafka.TopicPartitions = o.Partitions, o.TopicPartitions
				return enginetest.Store{Shared: true, Open: func(t *testing.T) *engine.Engine {
					return open(t, cfg, cluster.Deps{Strict: true, Conflict: o.Conflict})
				}}
			})
		})
	}
}

// TestSecureServers: with a password and a certificate of an own authority, and
// refused without.
func TestSecureServers(t *testing.T) {
	ca := kafka.Certificates.CA
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		t.Run(mechanism, func(t *testing.T) {
			cfg := newConfig(t)
			cfg.Kafka.Brokers = kafka.BootstrapSASL()
			cfg.Kafka.SASL = &engine.SASLConfig{Mechanism: mechanism, Username: kafka.User, Password: kafka.Password}
			cfg.Kafka.TLS = &engine.TLSConfig{CA: ca}
			e := open(t, cfg, cluster.Deps{})
			defer e.Close() //nolint:errcheck // Close gives nothing
			pos, err := e.Log.Append(t.Context(), []engine.Entry{{Partition: 1, Value: []byte("over TLS")}})
			if err != nil || pos.Offsets[1] != 1 {
				t.Fatalf("%v, %v", pos, err)
			}
			values, err := e.Log.Read(t.Context(), engine.TopicIngest, 1, 0, 1)
			if err != nil || string(values[0]) != "over TLS" {
				t.Fatalf("%q, %v", values, err)
			}
		})
	}
	bad := newConfig(t)
	bad.Kafka.Brokers = kafka.BootstrapSASL()
	bad.Kafka.SASL = &engine.SASLConfig{Mechanism: "scram-sha-256", Username: kafka.User, Password: "not the password"}
	bad.Kafka.TLS = &engine.TLSConfig{CA: ca}
	unknown := newConfig(t)
	unknown.Kafka.Brokers = kafka.BootstrapSASL()
	unknown.Kafka.TLS = &engine.TLSConfig{}
	for name, cfg := range map[string]engine.ClusterConfig{"a wrong password": bad, "an unknown authority": unknown} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		e, err := cluster.Open(ctx, cfg, cluster.Deps{})
		cancel()
		if err == nil {
			_ = e.Close()
			t.Errorf("%s was let in", name)
		} else if strings.Contains(err.Error(), "not the password") || strings.Contains(err.Error(), database.Password) {
			t.Errorf("%s: the error shows a password", name)
		}
	}
}
