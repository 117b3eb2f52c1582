// Package survive tries to break the invariants (docs/invariants.md) with the real
// binary: it is killed, starved of disk, fed nonsense, and its destinations die. It
// holds tests alone, under the build tags integration and, for the long forms, soak;
// KITH_BIN names the binary. Nothing in them waits for a time to pass: they poll what
// they wait for, with a deadline.
//
// The metamorphic suite of I3 and I5 needs neither tag nor binary: it takes small
// random worlds down the whole road in this process, in many ways that must come to
// the same, and holds them against a naive model. -rounds and -seed choose the worlds.
// Under the tag integration it runs on real servers too, in one process and in four that
// are killed and stand still (-cluster-rounds).
package survive
