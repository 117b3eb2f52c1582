//go:build !unix

package openfiles

// Limit is how many files the process may have open at once, at most Unlimited.
func Limit() int { return Unlimited }
