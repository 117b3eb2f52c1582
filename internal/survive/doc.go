// Package survive tries to break the invariants (docs/invariants.md) with the real
// binary: it is killed, starved of disk, fed nonsense, and its destinations die. It
// holds tests alone, under the build tags integration and, for the long forms, soak;
// KITH_BIN names the binary. Nothing in them waits for a time to pass: they poll what
// they wait for, with a deadline.
package survive
