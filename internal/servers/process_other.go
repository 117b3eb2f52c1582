//go:build !linux

package servers

import (
	"context"
	"errors"
	"os/exec"
)

var errLinux = errors.New("servers for tests are run on Linux alone")

type signal int

const (
	kill signal = iota
	pause
	resume
	end
	endFast
)

type account struct{}

func loopback() string { return "127.0.0.1" }

func unprivileged() (*account, error) { return nil, errLinux }

func (*account) own(string) error { return errLinux }

func (*account) has(string) error { return errLinux }

func launch(*exec.Cmd, *Side, *account, string) (*process, error) { return nil, errLinux }

func (*process) signal(signal) error { return errLinux }

func (*process) signalAll(signal) error { return errLinux }

func (*Side) enter() error { return errLinux }

// NewLink makes two network namespaces, where there are any.
func NewLink(context.Context) (*Link, error) { return nil, errLinux }
