package servers

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// KafkaOptions change what StartKafka starts.
type KafkaOptions struct {
	Brokers  int               // 3 when 0
	Secure   bool              // also listen for clients with a password (SASL over TLS), and for ones with a certificate (TLS)
	Proxied  bool              // also listen behind a Proxy for each broker, which clients are told of
	Disks    []string          // folders for the data of each broker, such as a small disk; below dir where empty
	Settings map[string]string // of every broker's server.properties; they win over ours
	Java     []string          // options of the virtual machine, after ours: -Xmx1g
	Side     *Side             // of a Link, to run on
}

// Kafka is a cluster of brokers that are controllers as well (KRaft). Brokers are counted
// from 0; their node ids from 1. Its methods may be called from many goroutines, those that
// start and end one broker from one at a time.
type Kafka struct {
	Host         string
	User         string
	Password     string
	Certificates *Certificates // where it is Secure

	installed installation
	dir       string
	side      *Side
	java      []string
	brokers   []*broker
}

// broker is one of the cluster.
type broker struct {
	ports      map[string]int // by listener
	proxy      *Proxy
	properties string // file
	log        string // file

	mu     sync.Mutex
	server *process
}

// Listeners by the names that the brokers know them under.
const (
	plain      = "PLAIN"
	proxied    = "PROXIED"
	sasl       = "SASL"
	mutual     = "MUTUAL"
	controller = "CONTROLLER"
)

// StartKafka makes a new cluster in dir and starts its brokers. The caller calls Stop;
// ctx bounds the start alone.
func StartKafka(ctx context.Context, dir string, o KafkaOptions) (*Kafka, error) {
	installed, err := kafkaInstalled()
	if err != nil {
		return nil, err
	}
	k := &Kafka{
		Host: loopback(), User: "kith", Password: rand.Text(),
		installed: installed, dir: dir, side: o.Side, java: o.Java,
	}
	if o.Side != nil {
		k.Host = o.Side.Addr
	}
	err = k.create(ctx, o)
	if err != nil {
		err = fmt.Errorf("making a Kafka cluster in %s: %w", dir, err)
	} else {
		err = k.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, k.Stop())
	}
	return k, nil
}

// Start starts every broker that is not running, with the ports and the data that it
// had, and waits until all answer.
func (k *Kafka) Start(ctx context.Context) error {
	var down []*broker
	for _, b := range k.brokers {
		if !b.current().alive() {
			if err := k.launch(ctx, b); err != nil {
				return err
			}
			down = append(down, b)
		}
	}
	for _, b := range down {
		if err := k.await(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// StartBroker starts one broker that is not running, and waits until it answers, for
// which more than half of all must be running.
func (k *Kafka) StartBroker(ctx context.Context, i int) error {
	b := k.brokers[i]
	if b.current().alive() {
		return fmt.Errorf("broker %d is running", i)
	}
	if err := k.launch(ctx, b); err != nil {
		return err
	}
	return k.await(ctx, b)
}

// StopBroker ends one broker in good order: it hands over what it leads before.
func (k *Kafka) StopBroker(ctx context.Context, i int) error {
	server := k.brokers[i].current()
	if err := server.signal(end); err != nil {
		return err
	}
	select {
	case <-server.done: // by the signal, which is what it was asked
		return nil
	case <-ctx.Done():
		return server.failed(fmt.Errorf("it does not end: %w", ctx.Err()))
	}
}

// KillBroker ends one broker by SIGKILL, and waits until it is gone.
func (k *Kafka) KillBroker(i int) error {
	server := k.brokers[i].current()
	if err := server.signal(kill); err != nil {
		return err
	}
	<-server.done
	return nil
}

// Running reports whether a broker has not ended: it may do so by itself.
func (k *Kafka) Running(i int) bool { return k.brokers[i].current().alive() }

// PauseBroker stops one broker where it is: its connections stay, and it does not answer.
// A broker that is paused can be killed.
func (k *Kafka) PauseBroker(i int) error { return k.brokers[i].current().signal(pause) }

// ResumeBroker goes on after PauseBroker.
func (k *Kafka) ResumeBroker(i int) error { return k.brokers[i].current().signal(resume) }

// Ended is closed once a broker, as it was last started, has ended by itself or otherwise.
func (k *Kafka) Ended(i int) <-chan struct{} { return k.brokers[i].current().done }

// Kill ends every broker that is running by SIGKILL, all at once.
func (k *Kafka) Kill() {
	for _, b := range k.brokers {
		if server := b.current(); server.alive() {
			_ = server.signal(kill) // it may have ended by itself
			defer func() { <-server.done }()
		}
	}
}

// Stop ends the brokers and their proxies. In good order three brokers take many seconds,
// since the last ones have nobody to agree with; so they are killed, which Kafka is made for.
func (k *Kafka) Stop() error {
	k.Kill()
	var err error
	for _, b := range k.brokers {
		if b.proxy != nil {
			err = errors.Join(err, b.proxy.Close())
		}
	}
	return err
}

// Bootstrap gives the brokers' addresses for clients that need to prove nothing.
func (k *Kafka) Bootstrap() []string { return k.addresses(plain) }

// BootstrapSASL gives the addresses where TLS, and the user and password by PLAIN, SCRAM-SHA-256
// or SCRAM-SHA-512, are asked for. The cluster must be Secure.
func (k *Kafka) BootstrapSASL() []string { return k.addresses(sasl) }

// BootstrapTLS gives the addresses where TLS with a client's certificate is asked for. The
// cluster must be Secure.
func (k *Kafka) BootstrapTLS() []string { return k.addresses(mutual) }

// BootstrapProxied gives the addresses of the brokers' proxies, which are the only ones
// that clients who begin there learn of. The cluster must be Proxied.
func (k *Kafka) BootstrapProxied() []string {
	var all []string
	for _, b := range k.brokers {
		if b.proxy != nil {
			all = append(all, b.proxy.Addr())
		}
	}
	return all
}

// Proxy is the one before a broker. The cluster must be Proxied.
func (k *Kafka) Proxy(i int) *Proxy { return k.brokers[i].proxy }

func (k *Kafka) addresses(listener string) []string {
	var all []string
	for _, b := range k.brokers {
		if port := b.ports[listener]; port != 0 {
			all = append(all, address(k.Host, port))
		}
	}
	return all
}

func (k *Kafka) launch(ctx context.Context, b *broker) error {
	server, err := launch(k.command(ctx, "kafka.Kafka", b.properties), k.side, nil, b.log)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.server = server
	return nil
}

func (b *broker) current() *process {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.server
}

// await waits until a broker answers. It does so only once it has caught up with the
// controllers' log, and they count it in.
func (k *Kafka) await(ctx context.Context, b *broker) error {
	return b.current().answers(ctx, func(ctx context.Context) error { return k.ready(ctx, b) })
}

// ready asks a broker which versions it speaks (Kafka's protocol: ApiVersions, version 0; the answer
// begins with the request's number and an error code).
func (k *Kafka) ready(ctx context.Context, b *broker) error {
	conn, err := k.side.Dial(ctx, "tcp", address(k.Host, b.ports[plain]))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if by, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(by); err != nil {
			return err
		}
	}
	const apiVersions, number = 18, 7
	body := binary.BigEndian.AppendUint16(nil, apiVersions)
	body = binary.BigEndian.AppendUint16(body, 0)
	body = binary.BigEndian.AppendUint32(body, number)
	body = append(binary.BigEndian.AppendUint16(body, 4), "kith"...)
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)); err != nil {
		return err
	}
	answer := make([]byte, 10)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if n, code := binary.BigEndian.Uint32(answer[4:]), binary.BigEndian.Uint16(answer[8:]); n != number || code != 0 {
		return fmt.Errorf("it answers request %d with code %d", n, code)
	}
	return nil
}
