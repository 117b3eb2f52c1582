package file_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// sshServer is a machine that serves a folder by SFTP, in this process.
type sshServer struct {
	folderDepot
	address string
	key     ssh.Signer
	mu      sync.Mutex
	served  []net.Conn
}

func newSSHServer(t *testing.T) *sshServer {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshServer{folderDepot: folderDepot{t, t.TempDir()}, address: l.Addr().String(), key: key}
	cfg := &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if c.User() != "kith" || string(password) != "zzword" {
			return nil, os.ErrPermission
		}
		return nil, nil
	}}
	cfg.AddHostKey(key)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.served = append(s.served, conn)
			s.mu.Unlock()
			all.Go(func() { serveSSH(conn, cfg) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.breakOff()
		all.Wait()
	})
	return s
}

func serveSSH(conn net.Conn, cfg *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, cfg)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, in, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for req := range in {
				_ = req.Reply(req.Type == "subsystem" && strings.HasSuffix(string(req.Payload), "sftp"), nil)
			}
		}()
		go func() {
			if files, err := sftp.NewServer(channel, sftp.ReadOnly()); err == nil {
				if err := files.Serve(); err == nil || errors.Is(err, io.EOF) {
					_ = files.Close()
				}
			}
		}()
	}
}

// breakOff ends all connections.
func (s *sshServer) breakOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.served {
		_ = c.Close()
	}
	s.served = nil
}

func (s *sshServer) configure(c *file.Config, glob string) {
	c.Path, c.AllowPrivate = "sftp://kith@"+s.address+s.dir+"/"+glob, true
	c.SFTP = file.SFTP{Password: "zzword", HostKeys: []string{ssh.FingerprintSHA256(s.key.PublicKey())}}
}

// TestHostKeys: a server that is not known is refused before it learns the password, and
// the fault shows its key.
func TestHostKeys(t *testing.T) {
	s := newSSHServer(t)
	s.put("a.csv", "id\n1\n")
	print := ssh.FingerprintSHA256(s.key.PublicKey())
	for _, keys := range [][]string{nil, {"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}} {
		r := placed(t, s, "*.csv")
		r.cfg.SFTP.HostKeys = keys
		err := r.source().Run(t.Context())
		if !errs.Is(err, file.CodeHostKey) || !strings.Contains(err.Error(), print) || strings.Contains(err.Error(), "zzword") {
			t.Errorf("%v", err)
		}
	}
	r := placed(t, s, "*.csv")
	r.cfg.SFTP.HostKeys = nil
	r.cfg.SFTP.KnownHosts = filepath.Join(t.TempDir(), "known_hosts")
	line := knownhosts.Line([]string{s.address}, s.key.PublicKey())
	if err := os.WriteFile(r.cfg.SFTP.KnownHosts, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.run()
	r.want(`1:1 {"id":"1"}`)
}

func TestSFTPFaults(t *testing.T) {
	s := newSSHServer(t)
	for name, c := range map[string]struct {
		change func(*file.Config)
		code   errs.Code
	}{
		"password":                           {func(c *file.Config) { c.SFTP.Password = "zzother" }, file.CodeUnreachable},
		"private":                            {func(c *file.Config) { c.AllowPrivate = false }, file.CodePrivate},
		"metadata":                           {func(c *file.Config) { c.Path, c.AllowPrivate = "sftp://kith@169.254.169.254/a.csv", false }, file.CodePrivate},
		"metadata, private networks allowed": {func(c *file.Config) { c.Path = "sftp://kith@169.254.169.254/a.csv" }, file.CodePrivate},
		"nobody":                             {func(c *file.Config) { c.Path = "sftp://kith@127.0.0.1:1/a.csv" }, file.CodeUnreachable},
		"no folder":                          {func(c *file.Config) { c.Path += "/none/*.csv" }, ""},
	} {
		r := placed(t, s, "*.csv")
		c.change(&r.cfg)
		err := r.source().Run(t.Context())
		if errs.CodeOf(err) != c.code || err != nil && strings.Contains(err.Error(), "zz") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSFTPBrokenOff has the connection end in the middle of a file: the rest is read on
// another one.
func TestSFTPBrokenOff(t *testing.T) {
	s := newSSHServer(t)
	s.put("a.csv", manyRows(100_000))
	r := placed(t, s, "*.csv")
	r.log.after = func(put int) error {
		if put == 3 {
			s.breakOff()
		}
		return nil
	}
	if err := r.source().Run(t.Context()); !errs.Is(err, file.CodeUnreachable) {
		t.Fatal(err)
	}
	if len(r.log.byID) == 100_000 {
		t.Fatal("it was not broken off")
	}
	r.log.after = nil
	r.run()
	if len(r.log.byID) != 100_000 || r.log.conflicts != 0 {
		t.Fatal(len(r.log.byID), r.log.conflicts)
	}
}

func TestBadSFTP(t *testing.T) {
	for _, c := range []file.Config{
		{Path: "sftp://host/a.csv"}, {Path: "sftp://u:zzword@host/a.csv"}, {Path: "sftp://u@host"}, {Path: "sftp://u@host/[.csv"},
		{Path: "sftp://u@host/a.csv", SFTP: file.SFTP{PrivateKey: "zzword"}},
		{Path: "sftp://u@host/a.csv"},
		{Path: "sftp://u@host/a.csv", SFTP: file.SFTP{Password: "zzword", HostKeys: []string{"MD5:00"}}},
	} {
		c.Name, c.Streams = "crm", []file.StreamMatch{{Stream: "crm.rows"}}
		if _, err := file.New(c, file.Deps{}); !errs.Is(err, "bad_value") || strings.Contains(err.Error(), "zzword") {
			t.Errorf("%s: %v", c.Path, err)
		}
	}
}
