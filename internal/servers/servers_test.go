//go:build integration

package servers_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/kithdata/kith/internal/servers"
)

// bounded is a context that ends with the test, or before, so that nothing hangs.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// asRoot skips what needs the right to mount and to make networks, if that is said not to be had.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Getenv("KITH_NO_MOUNT") != "" {
		t.Skip("KITH_NO_MOUNT is set: small disks and networks of our own are not tried")
	}
}

func startPostgres(t *testing.T, o servers.PostgresOptions) *servers.Postgres {
	t.Helper()
	begun := time.Now()
	p, err := servers.StartPostgres(bounded(t), t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("PostgreSQL started within %v", time.Since(begun).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func startKafka(t *testing.T, o servers.KafkaOptions) *servers.Kafka {
	t.Helper()
	begun := time.Now()
	k, err := servers.StartKafka(bounded(t), t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d brokers started within %v", len(k.Bootstrap()), time.Since(begun).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := k.Stop(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// connect connects, and closes the connection with the test.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(bounded(t), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(bounded(t), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func client(t *testing.T, seeds []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(seeds...),
		// A broker that is gone or mute is noticed before the test's patience ends.
		kgo.MetadataMinAge(100 * time.Millisecond), kgo.ProduceRequestTimeout(2 * time.Second), kgo.RequestTimeoutOverhead(2 * time.Second),
		kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// createTopic makes a topic of three partitions, with as many copies as the brokers make by themselves.
func createTopic(t *testing.T, c *kgo.Client, topic string) (copies int) {
	t.Helper()
	r, err := kadm.NewClient(c).CreateTopic(bounded(t), 3, -1, nil, topic)
	if err = errors.Join(err, r.Err); err != nil {
		t.Fatal(err)
	}
	return int(r.ReplicationFactor)
}

// send waits until all records of a topic, named from first on, are acknowledged.
func send(t *testing.T, c *kgo.Client, topic string, first, n int) {
	t.Helper()
	var records []*kgo.Record
	for i := range n {
		records = append(records, &kgo.Record{Topic: topic, Key: fmt.Append(nil, i), Value: fmt.Append(nil, first+i)})
	}
	if err := c.ProduceSync(bounded(t), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// read reads n records of a topic from its beginning, and wants each value once.
func read(t *testing.T, c *kgo.Client, topic string, n int) {
	t.Helper()
	c.AddConsumeTopics(topic)
	seen := map[string]bool{}
	for len(seen) < n {
		fetches := c.PollFetches(bounded(t))
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(seen), n, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if seen[string(r.Value)] {
				t.Errorf("record %s is there twice", r.Value)
			}
			seen[string(r.Value)] = true
		})
	}
}

// TestWhatPostgresCommittedSurvivesSIGKILL writes, kills, starts again and reads.
func TestWhatPostgresCommittedSurvivesSIGKILL(t *testing.T) {
	p := startPostgres(t, servers.PostgresOptions{Settings: map[string]string{"wal_level": "logical"}})
	if err := p.Create(bounded(t), "shop"); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, p.DSN("shop"))
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "wal_level": "logical"} {
		var have string
		if err := conn.QueryRow(bounded(t), "select current_setting($1)", setting).Scan(&have); err != nil || have != want {
			t.Errorf("%s is %q, want %q (%v)", setting, have, want, err)
		}
	}
	exec(t, conn, "create table t (n int primary key)")
	for n := range 20 {
		exec(t, conn, "insert into t values ($1)", n)
	}
	exec(t, conn, "begin")
	exec(t, conn, "insert into t values (99)")
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(bounded(t)); err == nil {
		t.Error("the connection has outlived the server")
	}
	begun := time.Now()
	if err := p.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	t.Logf("it recovered within %v", time.Since(begun).Round(time.Millisecond))
	var n, top int
	if err := connect(t, p.DSN("shop")).QueryRow(bounded(t), "select count(*), max(n) from t").Scan(&n, &top); err != nil || n != 20 || top != 19 {
		t.Errorf("%d rows, the last is %d, want those 20 that were committed: %v", n, top, err)
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Errorf("a paused server cannot be killed: %v", err)
	}
	if err := p.Kill(); err == nil {
		t.Error("a server that is down was killed once more, without a word")
	}
}

func TestPostgresAsksForTLSAndPassword(t *testing.T) {
	p := startPostgres(t, servers.PostgresOptions{Secure: true})
	conn := connect(t, p.DSN("postgres"))
	var tls bool
	if err := conn.QueryRow(bounded(t), "select ssl from pg_stat_ssl where pid = pg_backend_pid()").Scan(&tls); err != nil || !tls {
		t.Errorf("the connection has TLS: %v, %v", tls, err)
	}
	for what, code := range map[string]string{
		strings.Replace(p.DSN("postgres"), "verify-full", "disable", 1):       "28000", // invalid_authorization_specification
		strings.Replace(p.DSN("postgres"), p.Password, "not-the-password", 1): "28P01", // invalid_password
	} {
		_, err := pgx.Connect(bounded(t), what)
		if fault, ok := errors.AsType[*pgconn.PgError](err); !ok || fault.Code != code {
			t.Errorf("want %s, have: %v", code, err)
		}
	}
	if err := p.Create(bounded(t), "shop"); err != nil {
		t.Error(err)
	}
	proxy, err := p.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	exec(t, connect(t, p.DSNThrough(proxy, "shop")), "select 1")
}

// TestCommitWithoutAnswer: a commit reaches the server and its answer is lost, which is
// what exactly-once effects have to bear.
func TestCommitWithoutAnswer(t *testing.T) {
	p := startPostgres(t, servers.PostgresOptions{})
	proxy, err := p.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	direct, through := connect(t, p.DSN("postgres")), connect(t, p.DSNThrough(proxy, "postgres"))
	exec(t, direct, "create table t (n int)")
	proxy.CutAnswers()
	done := make(chan error, 1)
	go func() {
		_, err := through.Exec(bounded(t), "insert into t values (1)")
		done <- err
	}()
	for n := 0; n == 0; {
		if err := direct.QueryRow(bounded(t), "select count(*) from t").Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-done:
		t.Fatalf("an answer came through: %v", err)
	default:
	}
	proxy.Drop()
	if err := <-done; err == nil {
		t.Error("no fault after the connection was reset")
	}
}

// TestWhatKafkaAcknowledgedSurvivesSIGKILL kills one broker, then all of them.
func TestWhatKafkaAcknowledgedSurvivesSIGKILL(t *testing.T) {
	k := startKafka(t, servers.KafkaOptions{Proxied: true})
	c := client(t, k.Bootstrap())
	createTopic(t, c, "t")
	send(t, c, "t", 0, 100)
	begun := time.Now()
	if err := k.KillBroker(0); err != nil {
		t.Fatal(err)
	}
	send(t, c, "t", 100, 100)
	t.Logf("with a broker killed, records were acknowledged again within %v", time.Since(begun).Round(time.Millisecond))
	begun = time.Now()
	if err := k.StartBroker(bounded(t), 0); err != nil {
		t.Fatal(err)
	}
	t.Logf("the killed broker was back within %v", time.Since(begun).Round(time.Millisecond))
	send(t, c, "t", 200, 100)
	k.Kill()
	begun = time.Now()
	if err := k.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	t.Logf("all were back within %v", time.Since(begun).Round(time.Millisecond))
	send(t, c, "t", 300, 100)
	read(t, client(t, k.Bootstrap()), "t", 400)

	// A client that begins at the proxies hears of nothing else.
	behind := client(t, k.BootstrapProxied())
	brokers, err := kadm.NewClient(behind).ListBrokers(bounded(t))
	if err != nil || len(brokers) != 3 {
		t.Fatalf("%d brokers: %v", len(brokers), err)
	}
	for _, b := range brokers {
		if at := net.JoinHostPort(b.Host, fmt.Sprint(b.Port)); at != k.Proxy(int(b.NodeID)-1).Addr() {
			t.Errorf("broker %d is told to be at %s", b.NodeID, at)
		}
	}
	send(t, behind, "t", 400, 100)
	for i := range brokers {
		k.Proxy(i).Cut()
	}
	sent := make(chan error, 1)
	go func() {
		sent <- behind.ProduceSync(bounded(t), &kgo.Record{Topic: "t", Value: []byte("500")}).FirstErr()
	}()
	send(t, c, "t", 501, 100) // others are not cut off
	select {
	case err := <-sent:
		t.Errorf("an acknowledgement came through: %v", err)
	default:
	}
	for i := range brokers {
		k.Proxy(i).Heal()
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	read(t, client(t, k.BootstrapProxied()), "t", 601)
}

// TestKafkaWantsTwoOfThree: what one broker alone has is not acknowledged.
func TestKafkaWantsTwoOfThree(t *testing.T) {
	k := startKafka(t, servers.KafkaOptions{})
	c := client(t, k.Bootstrap())
	if copies := createTopic(t, c, "t"); copies != 3 {
		t.Errorf("the topic has %d copies", copies)
	}
	if err := k.StopBroker(bounded(t), 2); err != nil {
		t.Fatal(err)
	}
	send(t, c, "t", 0, 10)
	if err := k.PauseBroker(1); err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		sent <- c.ProduceSync(bounded(t), &kgo.Record{Topic: "t", Value: []byte("10")}).FirstErr()
	}()
	if err := k.StartBroker(bounded(t), 2); err != nil { // with one that is paused, two of three are there again
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if err := k.ResumeBroker(1); err != nil {
		t.Fatal(err)
	}
	read(t, client(t, k.Bootstrap()), "t", 11)
}

func TestKafkaAsksForTLSAndPassword(t *testing.T) {
	k := startKafka(t, servers.KafkaOptions{Brokers: 1, Secure: true})
	tls, err := k.Certificates.Client()
	if err != nil {
		t.Fatal(err)
	}
	anonymous := tls.Clone()
	anonymous.Certificates = nil
	is := func(m sasl.Mechanism) []kgo.Opt { return []kgo.Opt{kgo.DialTLSConfig(anonymous), kgo.SASL(m)} }
	good := scram.Auth{User: k.User, Pass: k.Password}
	bad := scram.Auth{User: k.User, Pass: "not-the-password"}
	for _, each := range []struct {
		name  string
		seeds []string
		opts  []kgo.Opt
		taken bool
	}{
		{"PLAIN", k.BootstrapSASL(), is(plain.Auth{User: k.User, Pass: k.Password}.AsMechanism()), true},
		{"SCRAM-SHA-256", k.BootstrapSASL(), is(good.AsSha256Mechanism()), true},
		{"SCRAM-SHA-512", k.BootstrapSASL(), is(good.AsSha512Mechanism()), true},
		{"a certificate", k.BootstrapTLS(), []kgo.Opt{kgo.DialTLSConfig(tls)}, true},
		{"a wrong password", k.BootstrapSASL(), is(bad.AsSha256Mechanism()), false},
		{"no certificate", k.BootstrapTLS(), []kgo.Opt{kgo.DialTLSConfig(anonymous)}, false},
		{"no password", k.BootstrapSASL(), []kgo.Opt{kgo.DialTLSConfig(anonymous)}, false},
		{"no TLS", k.BootstrapTLS(), nil, false},
	} {
		t.Run(each.name, func(t *testing.T) {
			c := client(t, each.seeds, append(each.opts, kgo.RequestRetries(0), kgo.RetryTimeout(10*time.Second))...)
			if err := c.Ping(bounded(t)); (err == nil) != each.taken {
				t.Errorf("taken: %v, want %v: %v", err == nil, each.taken, err)
			}
		})
	}
}

// TestLinkIsCut: a server on one side, a client on the other, and the cable between them.
func TestLinkIsCut(t *testing.T) {
	asRoot(t)
	l, err := servers.NewLink(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	p := startPostgres(t, servers.PostgresOptions{Side: l.A()})
	c, err := pgx.ParseConfig(p.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ConnectConfig(bounded(t), c); err == nil {
		t.Error("the server can be reached from outside")
	}
	c.DialFunc = l.B().Dial
	conn, err := pgx.ConnectConfig(bounded(t), c)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	exec(t, conn, "create table t (n int)")
	if out, err := l.B().Command(bounded(t), "ip", "-brief", "address").CombinedOutput(); err != nil || !strings.Contains(string(out), l.B().Addr) {
		t.Errorf("a command does not run on its side: %v\n%s", err, out)
	}
	if err := l.Cut(bounded(t)); err != nil {
		t.Fatal(err)
	}
	brief, cancel := context.WithTimeout(bounded(t), 200*time.Millisecond)
	defer cancel()
	if _, err := l.B().Dial(brief, "tcp", p.Addr()); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
		t.Errorf("a new connection hears %v, want nothing", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(bounded(t), "insert into t values (1)")
		done <- err
	}()
	if err := l.Heal(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("the connection did not outlive the cut: %v", err)
	}
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
