package cluster

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

const (
	maxMessage    = 8 << 20  // bytes of one message, and of one batch of them
	maxBuffered   = 64 << 20 // bytes that Appends may have on their way; more wait
	produceLinger = time.Millisecond

	requestOverhead = 5 * time.Second // beyond what a request asks the broker to take
)

// options are those of every client of this engine.
func (c *cluster) options() ([]kgo.Opt, error) {
	k := c.cfg.Kafka
	opts := []kgo.Opt{
		kgo.SeedBrokers(k.Brokers...),
		kgo.ClientID("kith"),
		kgo.WithLogger(kafkaLogger{c.logger}),
		kgo.RequestTimeoutOverhead(requestOverhead),
		kgo.RetryTimeout(patience),
		kgo.MetadataMinAge(100 * time.Millisecond), // how soon a new leader is found
		kgo.RetryBackoffFn(func(fails int) time.Duration { return min(50*time.Millisecond<<min(fails-1, 10), 2*time.Second) }),
		kgo.DisableClientMetrics(),
	}
	var encrypted *tls.Config
	if k.TLS != nil {
		var err error
		if encrypted, err = tlsConfig(*k.TLS); err != nil {
			return nil, err
		}
	}
	opts = append(opts, kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
		conn, err := c.connect(ctx, network, host)
		if err != nil {
			return nil, err
		}
		conn = counted{conn, &c.count.log}
		if encrypted == nil {
			return conn, nil
		}
		cfg := encrypted.Clone()
		if cfg.ServerName == "" {
			if cfg.ServerName, _, err = net.SplitHostPort(host); err != nil {
				cfg.ServerName = host
			}
		}
		secure := tls.Client(conn, cfg)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}))
	if s := k.SASL; s != nil {
		switch s.Mechanism {
		case "plain":
			opts = append(opts, kgo.SASL(plain.Auth{User: s.Username, Pass: s.Password}.AsMechanism()))
		case "scram-sha-256":
			opts = append(opts, kgo.SASL(scram.Auth{User: s.Username, Pass: s.Password}.AsSha256Mechanism()))
		case "scram-sha-512":
			opts = append(opts, kgo.SASL(scram.Auth{User: s.Username, Pass: s.Password}.AsSha512Mechanism()))
		default:
			return nil, errs.New(CodeOpen, "there is no such mechanism").At("engine.cluster.kafka.sasl.mechanism").
				Fix("use plain, scram-sha-256 or scram-sha-512")
		}
	}
	return opts, nil
}

// connect dials a server.
func (c *cluster) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if c.dial != nil {
		return c.dial(ctx, network, address)
	}
	return (&net.Dialer{Timeout: 5 * time.Second, KeepAliveConfig: keepAlive}).DialContext(ctx, network, address)
}

// keepAlive finds a peer that is gone within seconds, not hours.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 3 * time.Second, Count: 3}

func tlsConfig(t engine.TLSConfig) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, errs.Wrap(CodeOpen, "reading the authorities to trust", errors.Unwrap(err)).At("engine.cluster.kafka.tls.ca").Fix("name a PEM file that can be read")
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errs.New(CodeOpen, "the file holds no certificate").At("engine.cluster.kafka.tls.ca").Fix("name a PEM file with the authorities' certificates")
		}
	}
	if t.Cert != "" || t.Key != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, errs.New(CodeOpen, "the certificate and its key cannot be read").At("engine.cluster.kafka.tls").Fix("name two PEM files that belong together as cert and key")
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

func (c *cluster) openLog(ctx context.Context) error {
	opts, err := c.options()
	if err != nil {
		return err
	}
	codec := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	compression, ok := codec[c.cfg.Kafka.Compression]
	if !ok {
		return errs.New(CodeOpen, "there is no such compression").At("engine.cluster.kafka.compression").Fix("use none, snappy, lz4 or zstd")
	}
	c.kafka, err = kgo.NewClient(append(opts,
		kgo.RequiredAcks(kgo.AllISRAcks()), // I1; idempotent by default
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(compression),
		kgo.ProducerBatchMaxBytes(maxMessage-1024),
		kgo.MaxBufferedBytes(maxBuffered),
		kgo.MaxBufferedRecords(1<<20),
		kgo.ProducerLinger(produceLinger),
		kgo.RecordDeliveryTimeout(patience),
		kgo.ProduceRequestTimeout(5*time.Second),
	)...)
	if err != nil {
		return errs.Wrap(CodeOpen, "connecting to Kafka", err).At("engine.cluster.kafka").Fix("check the settings")
	}
	c.admin = kadm.NewClient(c.kafka)
	c.admin.SetTimeoutMillis(int32(patience.Milliseconds()))
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.kafka.Ping(ctx); err != nil {
		return errs.Wrap(engine.CodeUnavailable, "reaching Kafka", err).At("engine.cluster.kafka.brokers").Fix("see that the brokers run and can be reached from here")
	}
	return nil
}

// name is a topic's name in Kafka.
func (c *cluster) name(topic string) string { return c.cfg.Kafka.Prefix + "." + topic }

// makeTopic makes a topic where it is not there yet.
func (c *cluster) makeTopic(ctx context.Context, topic string, partitions int32) error {
	text := func(s string) *string { return &s }
	k := c.cfg.Kafka
	r, err := c.admin.CreateTopic(ctx, partitions, k.Replication, map[string]*string{
		"min.insync.replicas": text(strconv.Itoa(int(k.MinInSync))),
		"cleanup.policy":      text("delete"),
		"retention.ms":        text("-1"), // what may go is trimmed by Kith, which knows what is covered
		"retention.bytes":     text("-1"),
		"compression.type":    text("producer"),
		"max.message.bytes":   text(strconv.Itoa(maxMessage)),
	}, c.name(topic))
	if err == nil {
		err = r.Err
	}
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		if retriable(err) {
			return unavailable("making a topic", err)
		}
		return errs.Wrap(CodeOpen, "making topic "+c.name(topic), err).At("engine.cluster.kafka").
			Fix("give Kith's user the right to make topics, or make this one: the reason is the broker's own")
	}
	return nil
}

// agree settles, with whoever else opens it, which log this is and its partitions.
func (c *cluster) agree(ctx context.Context) error {
	k := c.cfg.Kafka
	values := map[string]string{"partitions": strconv.Itoa(int(k.Partitions)), "topic_partitions": strconv.Itoa(int(k.TopicPartitions)), "log_id": newID()}
	for name, proposed := range values {
		v, err := c.metaOnce(ctx, name, proposed)
		if err != nil {
			return err
		}
		values[name] = v
	}
	n, err1 := strconv.ParseInt(values["partitions"], 10, 32)
	m, err2 := strconv.ParseInt(values["topic_partitions"], 10, 32)
	if err1 != nil || err2 != nil {
		return errs.New(CodeUnreadable, "the state's own notes make no sense").At("engine.cluster.postgres").Fix("restore a backup")
	}
	c.partitions, c.topicPartitions, c.logID = int32(n), int32(m), values["log_id"]
	c.kick = make([]chan struct{}, c.topicPartitions)
	for i := range c.kick {
		c.kick[i] = make(chan struct{}, 1)
	}
	known, err := c.meta(ctx, "ingest_topic")
	if err != nil {
		return err
	}
	if known == "" { // else it is missing only where it was deleted: that must not be papered over
		if err := c.makeTopic(ctx, engine.TopicIngest, c.partitions+1); err != nil {
			return err
		}
	}
	var topic kadm.TopicDetail
	for deadline := time.Now().Add(patience); ; { // metadata of a new topic spreads with a delay
		found, err := c.admin.ListTopics(ctx, c.name(engine.TopicIngest))
		if err != nil {
			return unavailable("asking for the ingest topic", err)
		}
		topic = found[c.name(engine.TopicIngest)]
		if topic.Err == nil && len(topic.Partitions) > 0 || time.Now().After(deadline) || known != "" && errors.Is(topic.Err, kerr.UnknownTopicOrPartition) {
			break
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	id, err := c.metaOnce(ctx, "ingest_topic", topic.ID.String())
	if err != nil {
		return err
	}
	if id != topic.ID.String() || int32(len(topic.Partitions)) != c.partitions+1 { //nolint:gosec // there are few
		return errs.New(CodeOtherLog, "the database holds the state of another log than topic "+c.name(engine.TopicIngest)+" is").At("engine.cluster").
			Fix("point kafka and postgres at servers that belong together; after a loss of either, restore both from one backup")
	}
	return nil
}

// ensure makes an emitted topic and its outlets where they are not there yet.
func (c *cluster) ensure(ctx context.Context, topic string) error {
	if _, ok := c.topics.Load(topic); ok {
		return nil
	}
	if err := c.makeTopic(ctx, topic, c.topicPartitions); err != nil {
		return err
	}
	if err := c.makeOutlets(ctx, topic); err != nil {
		return err
	}
	c.topics.Store(topic, true)
	return nil
}

// retriable reports whether an error of Kafka's passes by itself.
func retriable(err error) bool {
	if e, ok := errors.AsType[*kerr.Error](err); ok {
		return e.Retriable
	}
	return true // the network's
}

// counted counts the bytes of a connection.
type counted struct {
	net.Conn
	bytes *atomic.Uint64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.bytes.Add(uint64(n)) //nolint:gosec // a count
	return n, err
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.bytes.Add(uint64(n)) //nolint:gosec // a count
	return n, err
}

// kafkaLogger hands the client's words on. Its faults are told by those who meet
// them; here they are for whoever looks closer.
type kafkaLogger struct{ log *slog.Logger }

func (l kafkaLogger) Level() kgo.LogLevel {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		return kgo.LogLevelInfo
	}
	return kgo.LogLevelNone
}

func (l kafkaLogger) Log(_ kgo.LogLevel, msg string, keyvals ...any) { l.log.Debug(msg, keyvals...) }

// newID gives a random name.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
