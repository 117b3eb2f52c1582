//go:build unix

package openfiles

import "syscall"

// Limit is how many files the process may have open at once, at most Unlimited.
func Limit() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur > Unlimited {
		return Unlimited
	}
	return int(l.Cur) //nolint:gosec // at most Unlimited
}
