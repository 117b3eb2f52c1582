package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// S3 is one Versity gateway, which speaks S3 and keeps its objects in a folder.
type S3 struct {
	Host      string
	Port      int
	AccessKey string
	SecretKey string

	dir    string
	server *process
}

// StartS3 starts a gateway that keeps its objects in dir. The caller calls Stop; ctx
// bounds the start alone.
func StartS3(ctx context.Context, dir string) (*S3, error) {
	program, err := gateway()
	if err != nil {
		return nil, err
	}
	s := &S3{Host: loopback(), AccessKey: "kith", SecretKey: rand.Text(), dir: dir}
	ports, err := freePorts(ctx, nil, s.Host, 1)
	if err != nil {
		return nil, err
	}
	s.Port = ports[0]
	for _, sub := range []string{"objects", "about"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, "--port", s.Addr(), "posix",
		"--sidecar", filepath.Join(dir, "about"), filepath.Join(dir, "objects")) // a disk need not keep attributes
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "ROOT_ACCESS_KEY=" + s.AccessKey, "ROOT_SECRET_KEY=" + s.SecretKey}
	server, err := launch(cmd, nil, nil, filepath.Join(dir, "gateway.log"))
	if err != nil {
		return nil, err
	}
	s.server = server
	if err := server.answers(ctx, s.ready); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// gateway is the program that scripts/servers.sh install builds.
func gateway() (string, error) {
	folder := os.Getenv("KITH_SERVERS_DIR")
	if folder == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		folder = filepath.Join(root, "bin", "servers")
	}
	path, err := filepath.Abs(filepath.Join(folder, "versitygw"))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return "", fmt.Errorf("the S3 gateway is not installed: %w; run scripts/servers.sh install", err)
	}
	return path, nil
}

// ready sees whether it listens.
func (s *S3) ready(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
	if err == nil {
		_ = conn.Close() // nothing was said
	}
	return err
}

// Stop ends the server.
func (s *S3) Stop() error {
	if !s.server.alive() {
		return nil
	}
	return s.server.signalAll(kill)
}

// Addr is where it listens.
func (s *S3) Addr() string { return address(s.Host, s.Port) }
