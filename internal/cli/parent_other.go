//go:build !linux

package cli

import "syscall"

// dieWithParent has nothing to offer here: a child whose parent was killed goes on,
// and holds the data folder, until it is stopped.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
