package servers

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// PostgresOptions change what StartPostgres starts.
type PostgresOptions struct {
	Secure   bool              // take only connections with TLS and a password (SCRAM-SHA-256)
	Disk     string            // a folder for the data, such as a small disk; below dir when empty
	Settings map[string]string // of postgresql.conf, such as wal_level; they win over ours
	Side     *Side             // of a Link, to run on
}

// Postgres is one PostgreSQL server. Its methods may be called from many goroutines,
// those that start and end it from one at a time.
type Postgres struct {
	Host         string
	Port         int
	User         string
	Password     string
	Certificates *Certificates // where it is Secure

	programs string
	dir      string
	data     string
	side     *Side
	as       *account

	mu     sync.Mutex
	server *process
}

// StartPostgres makes a new database cluster in dir and starts its server. It syncs what it
// commits, as in earnest. The caller calls Stop; ctx bounds the start alone.
func StartPostgres(ctx context.Context, dir string, o PostgresOptions) (*Postgres, error) {
	programs, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	p := &Postgres{
		Host: loopback(), User: "kith", Password: rand.Text(),
		programs: programs, dir: dir, side: o.Side, as: as,
		data: filepath.Join(dir, "postgres"),
	}
	if o.Disk != "" {
		p.data = filepath.Join(o.Disk, "postgres")
	}
	if o.Side != nil {
		p.Host = o.Side.Addr
	}
	if err := p.create(ctx, o); err != nil {
		return nil, fmt.Errorf("making a PostgreSQL cluster in %s: %w", dir, err)
	}
	if err := p.Start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

// postgresPrograms is the folder of the newest PostgreSQL's programs. Debian keeps them
// out of the PATH.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // of no number: the oldest
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is not installed: %w; run scripts/servers.sh install", err)
	}
	return filepath.Dir(path), nil
}

// create makes the cluster and its configuration.
func (p *Postgres) create(ctx context.Context, o PostgresOptions) error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	if err := p.as.own(p.data); err != nil {
		return err
	}
	ports, err := freePorts(ctx, p.side, p.Host, 1)
	if err != nil {
		return err
	}
	p.Port = ports[0]
	password := filepath.Join(filepath.Dir(p.data), "postgres.password")
	if err := p.give(password, p.Password); err != nil {
		return err
	}
	defer func() { _ = os.Remove(password) }()
	method := "trust"
	if o.Secure {
		method = "scram-sha-256"
	}
	err = p.program(ctx, p.as, "initdb", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C",
		"--username="+p.User, "--pwfile="+password, "--auth="+method, "--pgdata="+p.data)
	if err != nil {
		return err
	}
	kind := "host"
	settings := map[string]string{
		"listen_addresses": p.Host, "port": strconv.Itoa(p.Port),
		"unix_socket_directories": "", // the path of a test's folder is longer than a socket's may be
		"max_connections":         "200",
		"shared_buffers":          "256MB",
		"max_wal_size":            "4GB",
		"log_line_prefix":         "%m [%p] ",
	}
	if o.Secure {
		kind = "hostssl"
		if err := p.secure(settings); err != nil {
			return err
		}
	}
	maps.Copy(settings, o.Settings)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	return errors.Join(
		p.give(filepath.Join(p.data, "postgresql.auto.conf"), text.String()),
		p.give(filepath.Join(p.data, "pg_hba.conf"), fmt.Sprintf("%s all,replication all all %s\n", kind, method)))
}

// secure makes certificates and names them in the settings.
func (p *Postgres) secure(settings map[string]string) error {
	c, err := certify(p.dir, p.Host, p.User)
	if err != nil {
		return err
	}
	p.Certificates = c
	settings["ssl"] = "on"
	for name, from := range map[string]string{"ssl_ca_file": c.CA, "ssl_cert_file": c.server, "ssl_key_file": c.serverKey} {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		settings[name] = filepath.Base(from)
		if err := p.give(filepath.Join(p.data, filepath.Base(from)), string(text)); err != nil {
			return err
		}
	}
	return nil
}

// give writes a file that belongs to the server's account.
func (p *Postgres) give(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return p.as.has(path)
}

// program runs one of PostgreSQL's programs to its end.
func (p *Postgres) program(ctx context.Context, as *account, name string, args ...string) error {
	proc, err := p.launch(ctx, as, name, args...)
	if err != nil {
		return err
	}
	return proc.wait(ctx)
}

func (p *Postgres) launch(ctx context.Context, as *account, name string, args ...string) (*process, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(p.programs, name), args...)
	cmd.Dir = "/" // ours may be closed to the account
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	return launch(cmd, p.side, as, filepath.Join(p.dir, name+".log"))
}

// Start starts the server on the port and the data that it had, and waits until it
// answers: after Kill that is when it has recovered.
func (p *Postgres) Start(ctx context.Context) error {
	server, err := p.launch(ctx, p.as, "postgres", "-D", p.data)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.server = server
	p.mu.Unlock()
	return server.answers(ctx, p.ready)
}

// Kill ends the server and all of its processes by SIGKILL, and waits until they are gone.
func (p *Postgres) Kill() error { return p.current().signalAll(kill) }

// Pause stops the server and all of its processes where they are: connections stay, and
// nothing answers. A stopped server can be killed.
func (p *Postgres) Pause() error { return p.current().signalAll(pause) }

// Resume goes on after Pause.
func (p *Postgres) Resume() error { return p.current().signalAll(resume) }

// Ended is closed once the server, as it was last started, has ended by itself or otherwise.
func (p *Postgres) Ended() <-chan struct{} { return p.current().done }

// Stop ends the server in good order, if it is running, and by force if that takes too
// long. Start may follow.
func (p *Postgres) Stop() error {
	server := p.current()
	if !server.alive() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	_ = server.signal(endFast)   // it may end by itself meanwhile
	_ = server.signalAll(resume) // from a pause, in which it would not hear
	select {
	case <-server.done:
		return nil
	case <-ctx.Done():
		return server.signalAll(kill)
	}
}

func (p *Postgres) current() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server
}

// Addr is where it listens.
func (p *Postgres) Addr() string { return address(p.Host, p.Port) }

// DSN is the URL of a database, such as postgres, with what a client needs to get in.
func (p *Postgres) DSN(database string) string { return p.dsn(p.Addr(), database) }

// DSNThrough is the URL of a database by way of a proxy to the server.
func (p *Postgres) DSNThrough(proxy *Proxy, database string) string {
	return p.dsn(proxy.Addr(), database)
}

func (p *Postgres) dsn(at, database string) string {
	u := url.URL{Scheme: "postgres", Host: at, Path: database, User: url.UserPassword(p.User, p.Password), RawQuery: "sslmode=disable"}
	if c := p.Certificates; c != nil {
		u.RawQuery = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {c.CA}}.Encode()
	}
	return u.String()
}

// Proxy starts a proxy to the server, which the caller closes.
func (p *Postgres) Proxy() (*Proxy, error) {
	return newProxy(p.side, p.Host, p.Addr())
}

// Create makes a database.
func (p *Postgres) Create(ctx context.Context, database string) error {
	return p.program(ctx, nil, "createdb", "--maintenance-db="+p.DSN("postgres"), database)
}

// ready asks for a connection, and hears no fault but of who may connect and how
// (PostgreSQL's frontend/backend protocol 3.0: StartupMessage, then R for an authentication request
// or E for an error, whose field C is the SQLSTATE).
func (p *Postgres) ready(ctx context.Context) error {
	conn, err := p.side.Dial(ctx, "tcp", p.Addr())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if by, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(by); err != nil {
			return err
		}
	}
	body := "\x00\x03\x00\x00user\x00" + p.User + "\x00database\x00postgres\x00\x00"
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(4+len(body))), body...)); err != nil {
		return err
	}
	head := make([]byte, 5)
	if _, err := io.ReadFull(conn, head); err != nil {
		return err
	}
	switch head[0] {
	case 'R':
		return nil
	case 'E':
		fault := make([]byte, min(4096, max(4, binary.BigEndian.Uint32(head[1:]))-4))
		if _, err := io.ReadFull(conn, fault); err != nil {
			return err
		}
		if strings.Contains(string(fault), "\x00C57P03\x00") { // cannot_connect_now: it is starting
			return errors.New("it is still starting")
		}
		return nil
	default:
		return fmt.Errorf("it answers with a message of kind %q", head[0])
	}
}
