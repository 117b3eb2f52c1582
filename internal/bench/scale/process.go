package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

// process is a Kith that runs in a project of its own.
type process struct {
	dir, base, key string
	cmd            *exec.Cmd
	ended          chan struct{}
}

// launch writes a project and starts Kith there.
func launch(bin, dir, text string) (*process, error) {
	if err := os.MkdirAll(filepath.Join(dir, "sources"), 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "kith.yaml"), []byte(text), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the child has its own
	p := &process{dir: dir, cmd: exec.CommandContext(context.Background(), bin, "run", "--project", dir), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is read from its state
		close(p.ended)
	}()
	return p, nil
}

// ready waits until it answers that it is.
func (p *process) ready(ctx context.Context) error {
	return until(ctx, func() (bool, error) {
		select {
		case <-p.ended:
			return false, fmt.Errorf("kith run ended: %v: %s", p.cmd.ProcessState, p.said())
		default:
		}
		text, err := os.ReadFile(filepath.Join(p.dir, "data", "keys", "local.json"))
		if err != nil {
			return false, nil //nolint:nilerr // it has not written it yet
		}
		var local struct {
			Address string `json:"address"`
			Key     string `json:"key"`
		}
		if err := json.Unmarshal(text, &local); err != nil || local.Address == "" {
			return false, nil //nolint:nilerr // half written: read again
		}
		p.base, p.key = local.Address, local.Key
		_, err = p.get(ctx, "/readyz")
		return err == nil, nil
	})
}

func (p *process) said() string {
	text, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return string(text[max(0, len(text)-2000):])
}

// stop ends it as Ctrl-C does.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(time.Minute):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		return errors.New("kith run does not end on SIGTERM")
	}
}

func (p *process) get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %s", path, resp.StatusCode, bytes.TrimSpace(body))
	}
	return body, err
}

// figures reads the metrics whose names begin with kith_.
func (p *process) figures(ctx context.Context) (map[string]float64, error) {
	text, err := p.get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	found := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || !strings.HasPrefix(name, "kith_") {
			continue
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			found[name] = v
		}
	}
	return found, lines.Err()
}

// until calls try until it says yes, for ten minutes at most.
func until(ctx context.Context, try func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for {
		done, err := try()
		if done || err != nil {
			return err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
