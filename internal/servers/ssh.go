package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
)

const sshd = "/usr/sbin/sshd" // it wants to be called by its whole path

// SSH is one OpenSSH server, which serves files by SFTP to whoever runs the test.
type SSH struct {
	Host      string
	Port      int
	User      string
	ClientKey string // file of the private key that it lets in
	HostKey   string // fingerprint of its own, SHA256:…

	dir    string
	mu     sync.Mutex
	server *process
}

// StartSSH starts an OpenSSH server that keeps its keys in dir. The caller calls Stop;
// ctx bounds the start alone.
func StartSSH(ctx context.Context, dir string) (*SSH, error) {
	if _, err := os.Stat(sshd); err != nil {
		return nil, fmt.Errorf("OpenSSH's server is not installed: %w; run scripts/servers.sh install", err)
	}
	who, err := user.Current()
	if err != nil {
		return nil, err
	}
	s := &SSH{Host: loopback(), User: who.Username, ClientKey: filepath.Join(dir, "client"), dir: dir}
	ports, err := freePorts(ctx, nil, s.Host, 1)
	if err != nil {
		return nil, err
	}
	s.Port = ports[0]
	if err := s.create(ctx); err != nil {
		return nil, fmt.Errorf("making the keys of an SSH server in %s: %w", dir, err)
	}
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *SSH) create(ctx context.Context) error {
	if os.Geteuid() == 0 { // where it locks itself in
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return err
		}
	}
	host := filepath.Join(s.dir, "host")
	for path, kind := range map[string]string{host: "ed25519", s.ClientKey: "ed25519", host + ".rsa": "rsa"} {
		if out, err := exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "kith", "-f", path).CombinedOutput(); err != nil {
			return fmt.Errorf("ssh-keygen: %w: %s", err, out)
		}
	}
	shown, err := exec.CommandContext(ctx, "ssh-keygen", "-l", "-f", host+".pub").Output()
	if err != nil {
		return err
	}
	fields := strings.Fields(string(shown))
	if len(fields) < 2 {
		return fmt.Errorf("ssh-keygen says %q of a key", shown)
	}
	s.HostKey = fields[1]
	config := fmt.Sprintf(`ListenAddress %s
HostKey %s
HostKey %s.rsa
AuthorizedKeysFile %s.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
`, s.Addr(), host, host, s.ClientKey)
	return os.WriteFile(filepath.Join(s.dir, "sshd_config"), []byte(config), 0o600)
}

// Start starts the server on the port and with the keys that it had, and waits until it
// answers.
func (s *SSH) Start(ctx context.Context) error {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), sshd, "-D", "-e", "-f", filepath.Join(s.dir, "sshd_config"))
	server, err := launch(cmd, nil, nil, filepath.Join(s.dir, "sshd.log"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	return server.answers(ctx, s.ready)
}

// ready sees whether the server says that it speaks SSH.
func (s *SSH) ready(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // all that matters was read
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	hello := make([]byte, 4)
	if _, err := io.ReadFull(conn, hello); err != nil || string(hello) != "SSH-" {
		return fmt.Errorf("it says %q: %w", hello, errors.Join(err, errors.New("no SSH")))
	}
	return nil
}

// Stop ends the server. Start may follow.
func (s *SSH) Stop() error {
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	if !server.alive() {
		return nil
	}
	return server.signalAll(kill)
}

// Addr is where it listens.
func (s *SSH) Addr() string { return address(s.Host, s.Port) }
