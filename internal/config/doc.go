// Package config turns one file, kith.yaml, into one validated tree of every room's
// Config.
//
// All faults of a file are reported at once, each with its place, a code and the way
// to mend it. One descriptor tree (spec.go) is the source of the checks of keys and
// values, of the JSON Schema for editors and of the reference page.
//
// It imports the rooms for their Config types and for checks of their own; it links
// no driver and is imported by no room.
package config
