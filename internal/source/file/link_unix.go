//go:build unix

package file

import (
	"os"
	"syscall"
)

// noWait opens a pipe without waiting for whoever writes to it.
const noWait = syscall.O_NONBLOCK

// mayFollow reports whether a link is followed: one of Kith's user's own or root's,
// or one to a file of the link's own owner. So nobody who may only put files into a
// watched folder can have Kith read, in their place, what they may not read: Linux
// guards sticky folders by the same rule (fs.protected_symlinks).
func mayFollow(link, target os.FileInfo) bool {
	l, ok := link.Sys().(*syscall.Stat_t)
	t, ok2 := target.Sys().(*syscall.Stat_t)
	return ok && ok2 && trusted(l.Uid, t.Uid, os.Geteuid())
}

func trusted(link, target uint32, self int) bool {
	return link == 0 || int(link) == self || link == target
}
