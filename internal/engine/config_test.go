package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/engine"
)

func TestClusterDefaults(t *testing.T) {
	c := engine.ClusterConfig{}.WithDefaults()
	k, p := c.Kafka, c.Postgres
	if k.Prefix != "kith" || k.Partitions != 12 || k.TopicPartitions != 4 || k.Replication != 3 || k.MinInSync != 2 || k.Compression != "snappy" ||
		p.Schema != "kith" || p.MaxConns != 16 || c.LeaseTime != 10*time.Second {
		t.Errorf("defaults %+v %s %d %s", k, p.Schema, p.MaxConns, c.LeaseTime)
	}
	one := engine.ClusterConfig{Kafka: engine.KafkaConfig{Replication: 1}}.WithDefaults()
	if one.Kafka.MinInSync != 1 {
		t.Errorf("one copy, of which %d must have a record", one.Kafka.MinInSync)
	}
	five := engine.ClusterConfig{Kafka: engine.KafkaConfig{Replication: 5, MinInSync: 2, Prefix: "p"}, LeaseTime: time.Minute}.WithDefaults()
	if five.Kafka.MinInSync != 2 || five.Kafka.Prefix != "p" || five.LeaseTime != time.Minute {
		t.Errorf("what is set does not stay: %+v", five.Kafka)
	}
}

// Whatever prints a configuration, or writes it as JSON, its secrets are not in it.
func TestSecretsOfTheClusterAreNotPrinted(t *testing.T) {
	c := engine.ClusterConfig{
		HashKey: "zzmark",
		Kafka: engine.KafkaConfig{Brokers: []string{"k1:9092"}, Prefix: "shop",
			SASL: &engine.SASLConfig{Mechanism: "plain", Username: "kith", Password: "zzmark"}},
		Postgres: engine.PostgresConfig{DSN: "postgres://kith:zzmark@db/kith", Schema: "shop"},
	}
	whole := engine.Config{Cluster: &c}
	var b bytes.Buffer
	for _, v := range []any{whole, &whole, c, &c, c.Kafka, &c.Kafka, *c.Kafka.SASL, c.Kafka.SASL, c.Postgres, &c.Postgres} {
		fmt.Fprintf(&b, "%v %+v %#v %s %d %x\n", v, v, v, v, v, v)
		slog.New(slog.NewTextHandler(&b, nil)).Info("text", "config", v)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "config", v)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	if text := b.String(); strings.Contains(text, "zzmark") || strings.Contains(text, "7a7a6d61726b") {
		t.Errorf("a secret is shown:\n%s", text)
	}
	if text := fmt.Sprint(c); !strings.Contains(text, "shop.*") || !strings.Contains(text, "k1:9092") {
		t.Errorf("%s does not tell which cluster it is", text)
	}
}
