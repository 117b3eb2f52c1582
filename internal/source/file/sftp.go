package file

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/kithdata/kith/internal/kit/errs"
)

const (
	sftpScheme = "sftp://"

	// CodeHostKey is the fault of a server that is not known to be the one that is meant.
	CodeHostKey errs.Code = "file_host_key"
)

// SFTP is how to speak to another machine.
type SFTP struct {
	Password   string
	PrivateKey string   // PEM, or OpenSSH's form
	Passphrase string   // of PrivateKey
	HostKeys   []string // fingerprints, SHA256:…, of which the server's must be one
	KnownHosts string   // or: a file as OpenSSH keeps it, absolute
}

// server is the place of files on another machine, by SFTP. One connection is kept from
// look to look.
type server struct {
	user, address string // the address with its port
	base          string // what every path begins with: sftp://USER@HOST
	pattern       string
	private       bool
	how           SFTP
	auth          []ssh.AuthMethod

	mu   sync.Mutex
	last *session
}

// session is one connection. It is dead once anything but an answer came of it.
type session struct {
	ssh  *ssh.Client
	sftp *sftp.Client
	dead atomic.Bool
}

func (s *session) end() {
	s.dead.Store(true)
	_ = s.ssh.Close() // whoever waits for an answer is told
}

// parseSFTP cuts sftp://USER@HOST[:PORT]/GLOB; /~/GLOB starts from the user's folder.
func parseSFTP(address string) (s *server, ok bool) {
	authority, pattern, ok := strings.Cut(strings.TrimPrefix(address, sftpScheme), "/")
	user, host, named := strings.Cut(authority, "@")
	if !ok || !named || user == "" || host == "" || pattern == "" || strings.ContainsAny(user, ":/") || strings.ContainsAny(host, "@*? ") {
		return nil, false
	}
	s = &server{user: user, address: host, base: sftpScheme + authority}
	if _, _, err := net.SplitHostPort(host); err != nil {
		s.address = net.JoinHostPort(strings.Trim(host, "[]"), "22")
	}
	s.pattern = s.remote(address)
	_, err := path.Match(s.pattern, "")
	return s, err == nil
}

// remote is a path as the server has it.
func (s *server) remote(address string) string {
	p := strings.TrimPrefix(address, s.base)
	if below, ok := strings.CutPrefix(p, "/~/"); ok {
		return below
	}
	return p
}

// named is a path of the server's as an address.
func (s *server) named(p string) string {
	if !path.IsAbs(p) {
		p = "/~/" + p
	}
	return s.base + p
}

// methods are the ways in which the user proves who they are.
func (c SFTP) methods() (all []ssh.AuthMethod, err error) {
	if c.PrivateKey != "" {
		var key ssh.Signer
		if c.Passphrase != "" {
			key, err = ssh.ParsePrivateKeyWithPassphrase([]byte(c.PrivateKey), []byte(c.Passphrase))
		} else {
			key, err = ssh.ParsePrivateKey([]byte(c.PrivateKey))
		}
		if err != nil {
			return nil, errors.New("the private key cannot be read, or its passphrase does not open it")
		}
		all = append(all, ssh.PublicKeys(key))
	}
	if c.Password != "" {
		all = append(all, ssh.Password(c.Password))
	}
	if len(all) == 0 {
		return nil, errors.New("there is neither a password nor a private key")
	}
	return all, nil
}

func newServer(c Config) (*server, error) {
	s, _ := parseSFTP(c.Path) // validated
	s.how, s.private = c.SFTP, c.AllowPrivate
	var err error
	s.auth, err = c.SFTP.methods()
	return s, err
}

// hostKeyKinds are tried in turn: a server shows but one of its keys at a time, and the
// one that is known may be another.
func hostKeyKinds() [][]string {
	return [][]string{
		{ssh.KeyAlgoED25519},
		{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
		{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
	}
}

// session gives the connection, a new one where the last is dead.
func (s *server) session(ctx context.Context) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && !s.last.dead.Load() {
		return s.last, nil
	}
	known := func(string, net.Addr, ssh.PublicKey) error { return errors.New("none is known") }
	if s.how.KnownHosts != "" {
		var err error
		if known, err = knownhosts.New(s.how.KnownHosts); err != nil {
			return nil, errs.New(CodeHostKey, "the file of known hosts cannot be read").At(s.how.KnownHosts).Fix("check sftp.known_hosts")
		}
	}
	var seen []string
	for _, kinds := range hostKeyKinds() {
		accepted := false
		client, err := s.dial(ctx, kinds, func(host string, remote net.Addr, key ssh.PublicKey) error {
			print := ssh.FingerprintSHA256(key)
			if accepted = slices.Contains(s.how.HostKeys, print) || known(host, remote, key) == nil; accepted {
				return nil
			}
			seen = append(seen, print)
			return errors.New("the server's key is not known")
		})
		switch {
		case err == nil:
			s.last = client
			return client, nil
		case accepted || errs.CodeOf(err) != "":
			return nil, s.fault(s.pattern, "connecting to a server", err)
		}
	}
	if len(seen) == 0 {
		return nil, s.fault(s.pattern, "connecting to a server", errors.New("no handshake"))
	}
	return nil, errs.New(CodeHostKey, "the server is not known; it has the keys "+strings.Join(seen, ", ")).At(s.named(s.pattern)).
		Fix("ask whoever runs it whether that is so, and write one as sftp.host_key; where another was written before, somebody may be in between")
}

// dial connects and shakes hands within dialTimeout. An error with a code is one that
// trying again with other keys does not mend.
func (s *server) dial(ctx context.Context, kinds []string, check ssh.HostKeyCallback) (*session, error) {
	conn, err := guardedDialer(s.private).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, netFault(s.named(s.pattern), "connecting to a server", err)
	}
	defer limit(ctx, 2*dialTimeout, func() { _ = conn.Close() })()
	c, channels, requests, err := ssh.NewClientConn(conn, s.address, &ssh.ClientConfig{
		User: s.user, Auth: s.auth, HostKeyCallback: check, HostKeyAlgorithms: kinds, ClientVersion: "SSH-2.0-Kith",
	})
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	client := ssh.NewClient(c, channels, requests)
	files, err := sftp.NewClient(client)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return &session{ssh: client, sftp: files}, nil
}

// limit has end called once ctx is done or the time is over, unless what it gives is
// called before.
func limit(ctx context.Context, after time.Duration, end func()) (stop func()) {
	timer := time.AfterFunc(after, end)
	done := context.AfterFunc(ctx, end)
	return func() {
		timer.Stop()
		done()
	}
}

// ask has fn ask something of the server, for no longer than the time given.
func (s *server) ask(ctx context.Context, within time.Duration, p, doing string, fn func(*session) error) error {
	on, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer limit(ctx, within, on.end)()
	err = fn(on)
	if err == nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	if !isAnswer(err) {
		on.end()
	}
	return s.fault(p, doing, err)
}

// isAnswer reports whether an error is what the server says of a file.
func isAnswer(err error) bool {
	_, status := errors.AsType[*sftp.StatusError](err)
	return status || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (s *server) list(ctx context.Context) (found []entry, err error) {
	err = s.ask(ctx, listTimeout, s.pattern, "listing a server's folder", func(on *session) error {
		dirs := []string{path.Dir(s.pattern)}
		if fixedPrefix(dirs[0]) != dirs[0] {
			if dirs, err = on.sftp.Glob(dirs[0]); err != nil {
				return err
			}
		}
		for _, dir := range dirs {
			files, err := on.sftp.ReadDirContext(ctx, dir)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			for _, fi := range files {
				p := path.Join(dir, fi.Name())
				if match, _ := path.Match(s.pattern, p); !match { // the pattern was checked
					continue
				}
				if fi.Mode()&os.ModeSymlink != 0 {
					if fi, err = on.sftp.Stat(p); err != nil {
						continue // it leads nowhere
					}
				}
				if fi.Mode().IsRegular() {
					found = append(found, entry{path: s.named(p), sight: sightOf(fi)})
				}
			}
		}
		return nil
	})
	slices.SortFunc(found, func(x, y entry) int { return strings.Compare(x.path, y.path) })
	return found, err
}

// open gives a file in the size that it was listed with: what is written behind that is
// read at the next look.
func (s *server) open(ctx context.Context, e entry) (blob, error) {
	p := s.remote(e.path)
	var f *sftp.File
	var of *session
	err := s.ask(ctx, requestTimeout, p, "opening a server's file", func(on *session) (err error) {
		of = on
		f, err = on.sftp.Open(p)
		return err
	})
	if err != nil {
		return nil, err
	}
	read := func(b []byte, off int64) error {
		defer limit(ctx, requestTimeout, of.end)()
		n, err := f.ReadAt(b, off)
		switch {
		case n == len(b):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil || errors.Is(err, io.EOF):
			err = io.ErrUnexpectedEOF
		case !isAnswer(err):
			of.end()
		}
		return s.fault(p, "reading a server's file", err)
	}
	return newRanged(e.size, read, func() error {
		defer limit(ctx, requestTimeout, of.end)()
		return f.Close()
	}), nil
}

func (s *server) gone(ctx context.Context, address string) bool {
	p := s.remote(address)
	err := s.ask(ctx, requestTimeout, p, "looking at a server's file", func(on *session) error {
		_, err := on.sftp.Stat(p)
		return err
	})
	return errs.Is(err, codeGone)
}

func (s *server) sudden() bool { return false }

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil {
		s.last.end()
		s.last = nil
	}
}

// codeGone is the code of a file that is not there.
const codeGone errs.Code = "file_unreadable"

// fault says what went wrong in words of our own: an answer's may hold anything.
func (s *server) fault(p, doing string, err error) error {
	at := s.named(p)
	switch {
	case errs.CodeOf(err) != "":
		return err
	case errors.Is(err, os.ErrNotExist):
		return errs.Wrap(codeGone, doing, errors.New("it is not there any more")).At(at).Fix("nothing, unless it should be there")
	case errors.Is(err, os.ErrPermission):
		return errs.Wrap(CodeUnreachable, doing, errors.New("the account may not")).At(at).Fix("let the account read the folder and its files")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errs.New("file_unreadable", "the file has become shorter while it was read").At(at).Fix("nothing: it is looked at again once it changes")
	}
	if strings.Contains(err.Error(), "unable to authenticate") { // the library has no type for it
		return errs.Wrap(CodeUnreachable, doing, errors.New("the server does not take the account's password or key")).At(at).
			Fix("check the user in the path, sftp.password and sftp.private_key")
	}
	return netFault(at, doing, err)
}
