// Package openfiles tells how many files and connections this process may have open,
// so that rooms can share them out: a room that takes all of them stops the others.
// It may ask the operating system and nothing else.
package openfiles

// Unlimited is what Limit gives where there is no limit, or none that is known.
const Unlimited = 1 << 20

// Share is what one room may take of limit: its numerator's part of denominator, at
// least 16 and at most most.
func Share(limit, numerator, denominator, most int) int {
	return min(max(limit/denominator*numerator, 16), most)
}
